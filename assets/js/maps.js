// The maps: sites of a customer, and the one on which a click sets a pin. Loaded by those pages only, when there are tiles.
import { circleMarker, featureGroup, map, tileLayer } from 'leaflet';
import 'leaflet/dist/leaflet.css';

const NEAR = 15;

for (const box of document.querySelectorAll('[data-map]')) {
  const { tiles, attribution, pins, centre, zoom, sets } = box.dataset;
  const text = document.createElement('span');
  text.textContent = attribution;
  const drawn = map(box, { attributionControl: true });
  drawn.attributionControl.setPrefix(false);
  // The attribution is the operator's text, never markup.
  const pictures = tileLayer(tiles, { attribution: text.innerHTML, maxZoom: 19 }).addTo(drawn);
  const away = box.parentElement.querySelector('[data-map-away]');
  if (away) pictures.on('tileerror tileload', ({ type }) => { away.hidden = type === 'tileload'; });
  const mark = (at, name) => {
    const pin = circleMarker(at, { radius: 8, className: 'map-pin' });
    if (name) pin.bindTooltip(document.createTextNode(name).textContent.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`), { permanent: true, direction: 'top', offset: [0, -8] });
    return pin;
  };
  const all = featureGroup(JSON.parse(pins).map((site) => mark(site.at, site.name))).addTo(drawn);
  if (all.getLayers().length) drawn.fitBounds(all.getBounds(), { maxZoom: NEAR, padding: [32, 32] });
  else drawn.setView(JSON.parse(centre ?? '[0,0]'), Number(zoom ?? 2));
  const form = sets && document.getElementById(sets);
  if (form) settable(drawn, form, mark);
}

function settable(drawn, form, mark) {
  const [latitude, longitude] = ['latitude', 'longitude'].map((name) => form.elements[name]);
  let pin = null;
  const show = (move) => {
    const at = [Number(latitude.value), Number(longitude.value)];
    pin?.remove();
    pin = latitude.value && longitude.value && at.every(Number.isFinite) ? mark(at).addTo(drawn) : null;
    if (pin && move) drawn.setView(at, Math.max(drawn.getZoom(), NEAR));
  };
  show(true);
  const put = (place) => {
    const at = place.wrap();
    [latitude.value, longitude.value] = [at.lat.toFixed(6), at.lng.toFixed(6)];
    latitude.dispatchEvent(new Event('input', { bubbles: true }));
    show(false);
  };
  drawn.on('click', ({ latlng }) => put(latlng));
  // Arrow keys move the map under the cross in its middle.
  const box = drawn.getContainer();
  box.classList.add('map-sets');
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.target !== box) return;
    event.preventDefault();
    put(drawn.getCenter());
  });
  form.addEventListener('change', () => show(true));
}
