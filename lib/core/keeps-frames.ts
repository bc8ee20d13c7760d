/** On a function that keeps frames already; two installed copies recognise each other. @internal */
export const KEEPS_FRAMES = Symbol.for('nestjs-airlock.keeps-frames');

/** On what keeps the frames of clients of a kind wherever they are made: whether a client is one of those. @internal */
export const KEEPS_EVERY = Symbol.for('nestjs-airlock.keeps-every');
