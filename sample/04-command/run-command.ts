import { CommandFactory } from 'nest-commander';
import { AppModule } from './app.module.js';

/** Runs what `process.argv` asks for. */
export function runCommand(): Promise<void> {
  return CommandFactory.run(AppModule, {
    logger: ['warn', 'error'],
    serviceErrorHandler: ({ message }) => {
      console.error(message);
      process.exitCode = 1;
    },
  });
}
