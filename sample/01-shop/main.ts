import { createApp } from './create-app.js';
import { openShop } from './opening.js';
import { ShopLogger } from './shop.logger.js';
import { closeOnSignal } from './shutdown.js';

const app = await createApp(undefined, { logger: new ShopLogger() });
closeOnSignal(app);
if (!(await openShop(app, Number(process.env.PORT || 3000)))) {
  process.exitCode = 1;
  await app.close();
}
