import { type DropReason, type Intent, onAirlock, type ScopeEvent } from 'nestjs-airlock';

// Each channel has its own message: no casts, and no field that is not there.
const stop: () => void = onAirlock('drop', ({ intent, reason, scope }) => {
  const [one, why, name]: [Intent, DropReason, string | undefined] = [intent, reason, scope.name];
  console.log(one, why, name);
});
stop();
onAirlock('scope', ({ reason }) => {
  const event: ScopeEvent = reason;
  console.log(event);
});
onAirlock('effect', ({ intent }, event) => {
  const when: 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error' = event;
  console.log(intent.id, when);
});

// @ts-expect-error -- no channel
onAirlock('drops', () => {});
// @ts-expect-error -- only runs of effects have events
onAirlock('drop', (_message, event: string) => event);
// @ts-expect-error -- a call that is buffered has no reason
onAirlock('enqueue', ({ reason }) => reason satisfies DropReason);
