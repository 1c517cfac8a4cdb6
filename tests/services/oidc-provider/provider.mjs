// A certified OpenID Connect provider (oidc-provider), with a login page where the tests say who signs in, with which claims.
//
//   node provider.mjs PORT CLIENTS   CLIENTS: JSON list of clients

import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const [port, clients] = process.argv.slice(2)
const accounts = new Map()

const provider = new Provider(`http://localhost:${port}`, {
  clients: JSON.parse(clients),
  cookies: { keys: ['a key of tests only'] },
  claims: {
    openid: ['sub', 'amr', 'acr'],
    email: ['email', 'email_verified'],
    profile: ['name'],
    groups: ['groups', 'realm_access'],
  },
  scopes: ['openid', 'email', 'profile', 'groups'],
  acrValues: ['gold'],
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  interactions: { url: (_ctx, interaction) => `/login/${interaction.uid}` },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...accounts.get(sub) }) }),
  // Staff of one company are not asked whether the company's own system may know them.
  async loadExistingGrant(ctx) {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope('openid email profile groups')
    await grant.save()
    return grant
  },
})

async function login(request, response) {
  await provider.interactionDetails(request, response)
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/html')
    response.end('<form method="post"><input name="answer"><button>Sign in</button></form>')
    return
  }
  let body = ''
  for await (const part of request) body += part
  const { sub, claims, ...result } = JSON.parse(new URLSearchParams(body).get('answer'))
  if (!sub) {
    await provider.interactionFinished(request, response, result)
    return
  }
  accounts.set(sub, claims)
  await provider.interactionFinished(request, response, { login: { accountId: sub, ...result } })
}

const others = provider.callback()
createServer((request, response) => {
  if (!request.url.startsWith('/login/')) return others(request, response)
  login(request, response).catch((error) => {
    response.statusCode = 500
    response.end(String(error))
  })
}).listen(Number(port), '127.0.0.1')
