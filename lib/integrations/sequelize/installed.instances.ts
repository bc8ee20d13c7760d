import { peerCopies } from '../peer-copies.js';
import type { SequelizeClient } from './sequelize.client.js';

/** Makes an object of the Sequelize class, for each copy that is installed. @internal */
export async function installedInstances(): Promise<readonly SequelizeClient[]> {
  const copies = await peerCopies('sequelize', () => import('sequelize'));
  return copies.map(({ Sequelize }) => Object.create(Sequelize.prototype) as SequelizeClient);
}
