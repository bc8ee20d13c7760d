/** On a function that keeps frames already; two installed copies recognise each other. @internal */
export const KEEPS_FRAMES = Symbol.for('nestjs-airlock.keeps-frames');
