import type { INestApplication } from '@nestjs/common';

/** Opens the shop; returns whether the port was free, and says either in a sentence. */
export async function openShop(app: INestApplication, port: number): Promise<boolean> {
  try {
    await app.listen(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    console.error(`Port ${port} is taken. Choose another one: PORT=${port + 1} npm start`);
    return false;
  }
  const url = `http://localhost:${port}`;
  console.log(
    `\nThe shop is open: click an order at ${url}, and see what got out and why.` +
      `\nThe inspector shows every effect at ${url}/airlock\n`,
  );
  return true;
}
