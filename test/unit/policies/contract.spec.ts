import {
  AllowAll,
  AllowOnly,
  AssertNoEffects,
  BlockTasks,
  DropAll,
  LimitPerFlush,
  LogOnFlush,
} from 'nestjs-airlock';
import { describePolicyContract } from 'nestjs-airlock/testing';

const [mail, sms] = ['MailService.sendReceipt', 'SmsService.send'];

describePolicyContract('AllowAll', { create: () => AllowAll, lets: [mail, sms] });

describePolicyContract('DropAll', { create: () => DropAll, drops: [mail, sms] });

describePolicyContract('AssertNoEffects', { create: () => AssertNoEffects, refuses: [mail, sms] });

describePolicyContract('BlockTasks', {
  create: () => new BlockTasks([mail]),
  lets: [sms],
  drops: [mail],
});

describePolicyContract('BlockTasks with raiseOnEnqueue', {
  create: () => new BlockTasks([mail], { raiseOnEnqueue: true }),
  lets: [sms],
  refuses: [mail],
});

describePolicyContract('AllowOnly', {
  create: () => new AllowOnly([mail]),
  lets: [mail],
  drops: [sms],
});

describePolicyContract('LimitPerFlush', {
  create: () => new LimitPerFlush(2),
  remembers: 'flush',
  lets: [mail, sms],
  drops: [mail, sms],
});

describePolicyContract('LogOnFlush', {
  create: () => new LogOnFlush({ log: () => {} }),
  lets: [mail, sms],
});

describePolicyContract('A policy that remembers its application', {
  create: () => {
    let left = 3;
    return { allows: () => left-- > 0 };
  },
  remembers: 'application',
  lets: ['a', 'b', 'c'],
  drops: ['d'],
});

describePolicyContract('A policy that may throw', {
  create: () => ({
    allows: ({ dispatchOptions }) => {
      if (dispatchOptions === undefined) throw new Error('no tenant');
      return true;
    },
  }),
  throws: true,
  lets: [{ name: 'a', dispatchOptions: { tenant: 'acme' } }],
});
