import { ConflictException, NotFoundException } from '@nestjs/common';

export class UnknownProductError extends NotFoundException {
  constructor(sku: string) {
    super(`There is no product "${sku}"`);
  }
}

export class OutOfStockError extends ConflictException {
  constructor(sku: string, quantity: number) {
    super(`There are not ${quantity} of "${sku}" left`);
  }
}
