// Passkeys (WebAuthn): asks the server for a challenge and the authenticator for its answer, which leaves as a plain form.
import { $, $$ } from './dom.js';

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/** What the server sent, with bytes where browsers want bytes. */
function readable(options) {
  const ids = (list) => (list ?? []).map((item) => ({ ...item, id: bytes(item.id) }));
  const user = options.user && { ...options.user, id: bytes(options.user.id) };
  return { ...options, challenge: bytes(options.challenge), ...(user && { user }), allowCredentials: ids(options.allowCredentials), excludeCredentials: ids(options.excludeCredentials) };
}

/** An answer as JSON, by the names of the standard's own serialisation (5.1, toJSON). */
function sendable({ id, rawId, type, authenticatorAttachment, response }) {
  const parts = Object.fromEntries(['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'].filter((name) => response[name]).map((name) => [name, text(response[name])]));
  return JSON.stringify({ id, rawId: text(rawId), type, authenticatorAttachment, clientExtensionResults: {}, response: { ...parts, transports: response.getTransports?.() } });
}

async function perform(form) {
  const reply = await fetch(form.dataset.options, { method: 'POST', headers: { 'X-CSRF-Token': form.elements.csrf_token.value }, body: new URLSearchParams() });
  // The password is asked for again first.
  if (reply.redirected) return location.assign(reply.url);
  if (!reply.ok) throw new Error(String(reply.status));
  const { options, token } = await reply.json();
  const answer = await navigator.credentials[form.dataset.passkey]({ publicKey: readable(options) });
  form.elements.token.value = token;
  form.elements.credential.value = sendable(answer);
  form.submit();
}

for (const form of $$('form[data-passkey]')) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const problem = $('[data-problem]', form), button = $('button', form);
    problem.hidden = button.disabled = true;
    try {
      await perform(form);
    } catch (error) {
      problem.textContent = problem.dataset[error.name === 'InvalidStateError' ? 'known' : error.name === 'NotAllowedError' ? 'cancelled' : 'failed'];
      problem.hidden = false;
    }
    button.disabled = false;
  });
}
