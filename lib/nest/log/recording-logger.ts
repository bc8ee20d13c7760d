import { SafeLogger } from './safe-logger.js';

/** Number of warnings that are kept. */
const MOST = 200;

/** A logger that remembers the warnings of the boot, for `explain()`. @internal */
export class RecordingLogger extends SafeLogger {
  readonly warnings: string[] = [];
  private isRecording = true;

  override warn(message: unknown, ...rest: unknown[]): void {
    if (this.isRecording && this.warnings.length < MOST) this.warnings.push(String(message));
    super.warn(message, ...rest);
  }

  /** To be called at the end of the boot. */
  stop(): void {
    this.isRecording = false;
  }
}
