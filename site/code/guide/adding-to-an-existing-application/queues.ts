import { Injectable } from '@nestjs/common';

declare class Queue {
  add(name: string, data: object): Promise<object>;
}
// …
