import { StorageDriver } from 'typeorm-transactional';
import { defineTransactionalSuite } from './transactional.suite.js';

// One driver a process: it cannot be changed once it is set.
defineTransactionalSuite('AsyncLocalStorage', StorageDriver.ASYNC_LOCAL_STORAGE);
