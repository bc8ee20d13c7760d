// One file for Jest, so that all share what takes seconds to make: TypeScript's program of what the
// cases import.
import './effect-timing.suite.js';
import './no-direct-dispatch.rule.suite.js';
import './no-enqueue-in-policy.rule.suite.js';
import './no-floating-effects.rule.suite.js';
import './no-io-in-transaction.rule.suite.js';
import './side-effect-returns-void.rule.suite.js';
