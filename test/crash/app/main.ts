// One process of the application. It tells the program when it is ready, and ends when it is told
// to or left alone.
import { NestFactory } from '@nestjs/core';
import { Random } from '../random.js';
import { type Message, type Settings } from '../settings.js';
import { SETUPS } from '../setups.js';
import { AppModule } from './app.module.js';
import { Complaints } from './complaints.js';
import { fatesOn } from './fate.js';
import { Load } from './load.js';

const settings = JSON.parse(process.env.CRASH_SETTINGS!) as Settings;
const tell = (message: Message): Promise<void> =>
  new Promise((resolve) => void process.send!(message, undefined, undefined, () => resolve()));

process.once('disconnect', () => process.exit(1));

const module = AppModule.in(settings);
const options = { logger: ['fatal', 'error', 'warn'] as ('fatal' | 'error' | 'warn')[] };

if (settings.role === 'worker') {
  const application = await NestFactory.createApplicationContext(module, options);
  process.once('message', () => void application.close().then(() => process.exit()));
} else {
  const application = await NestFactory.create(module, options);
  await application.listen(0, '127.0.0.1');
  const fates = fatesOn(SETUPS[settings.setup].database);
  const load = new Load(await application.getUrl(), new Random(settings.seed), fates);
  load.begin();
  process.once('message', () => void finish());
  const finish = async (): Promise<void> => {
    const answers = await load.end();
    await tell({ answers: { ...answers, complaints: [...application.get(Complaints).calls] } });
    await application.close();
    process.exit();
  };
}
await tell({ ready: true });
