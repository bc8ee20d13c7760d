import { Injectable, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { DataSource } from 'typeorm';

declare class DatabaseModule {}
// …
