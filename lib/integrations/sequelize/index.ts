export { AirlockSequelizeModule, type AirlockSequelizeOptions } from './airlock-sequelize.module.js';
export { keepSequelizeFrames } from './keep-sequelize-frames.js';
export type { SequelizeClient } from './sequelize.client.js';
