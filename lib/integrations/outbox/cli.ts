#!/usr/bin/env node
import { run } from './outbox-sql.command.js';

process.exitCode = run(process.argv.slice(2), console);
