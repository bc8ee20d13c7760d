// The page of the shop: places orders by the shop's own routes, and shows what the inspector says
// of the units of work they have been.

const email = 'ada@example.com';

const orders = [
  {
    title: 'An order',
    text: 'The receipt and the reservation get out once it is committed.',
    path: 'orders',
    body: { email, lines: [{ sku: 'tea', quantity: 2 }] },
    entryPoint: 'OrdersController.place',
  },
  {
    title: 'An unpaid order',
    text: 'The card is declined after both were called: nobody is told.',
    path: 'orders',
    body: { email, lines: [{ sku: 'tea' }], card: '4000 0000 0000 0002' },
    entryPoint: 'OrdersController.place',
  },
  {
    title: 'An order by staff',
    text: 'A policy on the controller keeps the receipt in; the warehouse is told.',
    path: 'admin/orders',
    body: { email, lines: [{ sku: 'teapot' }] },
    entryPoint: 'AdminOrdersController.place',
  },
  {
    title: 'A gift wrap that does not fit',
    text: 'A ladder fits no box. Its savepoint rolls back; the order stands.',
    path: 'orders',
    body: { email, lines: [{ sku: 'tea' }, { sku: 'ladder' }], giftWrap: true },
    entryPoint: 'OrdersController.place',
  },
  {
    title: 'A dry run',
    text: 'Placed, told what would get out, and rolled back, under DropAll.',
    path: 'orders/dry-run',
    body: { email, lines: [{ sku: 'tea' }], giftWrap: true },
    entryPoint: 'OrdersController.rehearse',
  },
];

const MOST = 20;
const words = { buffered: 'kept in', waiting: 'waiting', sent: 'out' };

/**
 * What was clicked, the newest first; `unit` is the id of what the inspector knows it as. Times are
 * those of the machine that the shop runs on, since the inspector lets in no other.
 */
const clicks = [];
/** Units of work by id, no more than are shown. */
const units = new Map();

const byId = (id) => document.getElementById(id);

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

for (const order of orders) {
  const button = element(
    'button',
    { type: 'button' },
    element('strong', {}, order.title),
    element('span', {}, order.text),
  );
  button.addEventListener('click', () => void place(order, button));
  byId('orders').append(button);
}

async function place(order, button) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  const click = { order, answer: '…', unit: undefined, from: Date.now(), until: Infinity };
  clicks.unshift(click);
  clicks.splice(MOST);
  try {
    const response = await fetch(order.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order.body),
    });
    click.answer = answerText(response.status, await response.json());
  } catch {
    click.answer = 'The shop does not answer.';
  }
  click.until = Date.now();
  button.removeAttribute('aria-disabled');
  byId('news').textContent = `${order.title}: ${click.answer}`;
  show();
  byId('told-title').scrollIntoView({ block: 'nearest', behavior: 'smooth' });
}

function answerText(status, { id, message, wouldLetOut }) {
  const said = wouldLetOut ? `would let out ${wouldLetOut.join(', ')}` : (message ?? `order ${id}`);
  return `${status}, ${said}`;
}

function hear(changed) {
  for (const unit of changed.toSorted((a, b) => a.startedAt - b.startedAt)) {
    const click = clickOf(unit) ?? clicks.findLast((candidate) => mayHaveBegun(candidate, unit));
    if (click !== undefined) click.unit = unit.id;
    units.set(unit.id, unit);
  }
  for (const { id } of newestUnits().slice(MOST)) units.delete(id);
  show();
}

function clickOf({ id }) {
  return clicks.find(({ unit }) => unit === id);
}

/** True for a click without a unit of work, if this one began between it and its answer. */
function mayHaveBegun({ order, unit, from, until }, { entryPoint, startedAt }) {
  const isInTime = from <= startedAt && startedAt <= until;
  return unit === undefined && order.entryPoint === entryPoint && isInTime;
}

function newestUnits() {
  return [...units.values()].sort((a, b) => b.startedAt - a.startedAt);
}

function show() {
  byId('nothing').hidden = units.size > 0;
  byId('told').replaceChildren(...newestUnits().map(unitItem));
}

function unitItem(unit) {
  const click = clickOf(unit);
  return element(
    'li',
    { class: 'unit' },
    element(
      'div',
      {},
      click
        ? element('strong', {}, click.order.title)
        : element('strong', { class: 'name' }, unit.entryPoint),
      element('span', { class: 'answer' }, click?.answer ?? unit.outcome ?? 'at work'),
      element('a', { href: `airlock#/unit/${encodeURIComponent(unit.id)}` }, 'inspect'),
    ),
    element('ul', {}, ...unit.effects.map(effectItem)),
  );
}

function effectItem({ name, state, sentence, error }) {
  return element(
    'li',
    { class: `effect is-${state}` },
    element('span', { class: 'badge' }, words[state] ?? state),
    element('span', { class: 'name' }, name),
    element('p', {}, error ? `${sentence} ${error}` : sentence),
  );
}

function listen() {
  const source = new EventSource('airlock/events');
  source.addEventListener('state', ({ data }) => {
    byId('link').hidden = true;
    // The process may be another one: what it does not know is gone.
    units.clear();
    hear(JSON.parse(data).units);
  });
  source.addEventListener('changes', ({ data }) => hear(JSON.parse(data).units));
  source.addEventListener('error', () => {
    byId('link').textContent =
      'The inspector does not answer. It lets in only the machine that the shop runs on.';
    byId('link').hidden = false;
  });
}

const AGAIN_MS = 1_000;
const lists = [
  ['inbox', 'mails', 'mail-count', ({ to, subject }) => `${to.join(', ')}: ${subject}`],
  [
    'warehouse/reservations',
    'reservations',
    'reservation-count',
    ({ orderId, sku, quantity }) => `${quantity} × ${sku}, order ${orderId}`,
  ],
  [
    'orders',
    'placed',
    'order-count',
    ({ id, totalCents }) => `${id}: ${(totalCents / 100).toFixed(2)} EUR`,
  ],
];

/** Whoever is told is told by another process than the page: it asks again and again. */
async function look() {
  if (!document.hidden) await Promise.all(lists.map(refresh)).catch(() => undefined);
  setTimeout(() => void look(), AGAIN_MS);
}

async function refresh([path, list, count, text]) {
  const response = await fetch(path);
  const items = await response.json();
  const newest = response.ok ? items.toReversed().slice(0, 8).map(text) : [items.message];
  byId(count).textContent = response.ok ? items.length : '';
  byId(list).replaceChildren(...newest.map((line) => element('li', {}, line)));
}

listen();
void look();
