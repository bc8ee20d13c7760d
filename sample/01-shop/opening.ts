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
    `\nThe shop is open. Its inspector shows what gets out and why, at ${url}/airlock` +
      `\nClick an order on the shop's own page, at ${url}\n`,
  );
  return true;
}
