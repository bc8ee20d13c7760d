import { Injectable, Module } from '@nestjs/common';
import { AirlockModule, SideEffect } from 'nestjs-airlock';
import { AirlockDrizzleModule } from 'nestjs-airlock/drizzle';

declare class DatabaseModule {}
const connection = 'redis://127.0.0.1:6379';
const boss = { connectionString: process.env.DATABASE_URL };
// …
