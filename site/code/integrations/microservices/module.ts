import { Module } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { AirlockModule } from 'nestjs-airlock';

declare class MailService {}
declare const urls: string[];
// …
