import { createApp } from './create-app.js';

const port = Number(process.env.PORT || 3000);
const app = await createApp();
// On SIGTERM, requests that are under way finish and their effects go out before anything is
// closed.
app.enableShutdownHooks();
await app.listen(port);

const post = (path: string, order: object): string =>
  `curl -s http://localhost:${port}${path} -H 'content-type: application/json' -d '${JSON.stringify(order)}'`;
const email = 'ada@example.com';

console.log(`
See what becomes of every effect, and why: http://localhost:${port}/airlock

The shop is open at http://localhost:${port}. Try:

# an order: the warehouse is told, and the receipt is a job that was written with the order
${post('/orders', { email, lines: [{ sku: 'tea', quantity: 2 }] })}
# its second line is sold out: nobody is told of the first
${post('/orders', { email, lines: [{ sku: 'tea' }, { sku: 'teapot', quantity: 5000 }] })}
# by staff: the warehouse is told, the customer is not mailed
${post('/admin/orders', { email, lines: [{ sku: 'teapot' }] })}
# a ladder cannot be wrapped: the order stands, no gift box is asked for
${post('/orders', { email, lines: [{ sku: 'tea' }, { sku: 'ladder' }], giftWrap: true })}
# a dry run: what would get out
${post('/orders/dry-run', { email, lines: [{ sku: 'tea' }], giftWrap: true })}

# what was written with the orders, and who was told?
curl -s http://localhost:${port}/outbox
curl -s http://localhost:${port}/inbox
curl -s http://localhost:${port}/warehouse/reservations
curl -s http://localhost:${port}/orders
`);
