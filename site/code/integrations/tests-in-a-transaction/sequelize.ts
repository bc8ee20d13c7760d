import { afterEach, beforeEach } from '@jest/globals';
import { beginTestTransaction } from 'nestjs-airlock/testing';
import type { Sequelize, Transaction, Transactionable } from 'sequelize';

type Work = (transaction: Transaction) => PromiseLike<unknown>;

declare const sequelize: Sequelize;
// …
