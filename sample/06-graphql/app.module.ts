import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { AirlockModule } from 'nestjs-airlock';
import { BookingsResolver } from './bookings.resolver.js';
import { NotifierService } from './notifier.service.js';

@Module({
  imports: [
    AirlockModule.forRoot(),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      includeStacktraceInErrorResponses: false,
    }),
  ],
  providers: [BookingsResolver, NotifierService],
})
export class AppModule {}
