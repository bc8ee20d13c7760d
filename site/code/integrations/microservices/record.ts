import { RmqRecordBuilder } from '@nestjs/microservices';
import { AirlockMicroservicesModule } from 'nestjs-airlock/microservices';

AirlockMicroservicesModule.forRoot({
  client: 'BROKER',
  // …
});
