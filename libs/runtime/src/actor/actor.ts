import { Committer } from './committer.ts'
import type { Receiver } from './feed.ts'
import { describeThrow, encodeMessage } from './messages.ts'
import type { OwnMessage } from './messages.ts'
import type { ActorPorts } from './ports.ts'
import type { ActorInput, ActorOutput, ActorProgram, ActorRun } from './program.ts'
import { Places } from './places.ts'
import { Progress } from './progress.ts'
import type { Trial } from './swap.ts'
import { TRAIL_RUNS_MAX } from './trail.ts'
import { Halted, StreamLost } from './types.ts'
import type { ActorSpec, ActorStatus, Positions } from './types.ts'

/** Inputs taken from the ring in one go, before others get their turn. */
const RING_BURST = 2_048

/** One live copy: program, trail, positions and what it has said. Steps are synchronous; commits are in flight beside. */
export class Actor extends Progress implements Receiver {
  #attached = false
  program: ActorProgram
  /** After an input there is more to look at: a trial, the host's owner who listens, a trail that is too long. */
  #watched = false
  #trial: Trial | undefined
  /** Changed by a swap only. */
  spec: ActorSpec
  readonly #ports: ActorPorts
  status: ActorStatus = 'activating'
  detail = ''
  epoch = 0
  lastDecision: OwnMessage | undefined
  activationMs: number | undefined
  /** Revision in the checkpoint bucket, and what was last put there. */
  checkpoint = { revision: 0, inputs: 0, atMs: 0, anchorPeriod: -1, busy: false }
  #committer: Committer | undefined
  /** When the last swap let inputs through again, and when the first of them was applied, in microseconds. */
  swappedAtUs: number | undefined
  firstInputAtUs: number | undefined
  #held = false
  /** Where in the ring its inputs are, while it is not attached. */
  readonly #places: Places
  #joined = false
  #pumping = false
  #room: (() => void) | undefined

  constructor(spec: ActorSpec, program: ActorProgram, ports: ActorPorts) {
    super()
    this.spec = spec
    this.program = program
    this.#ports = ports
    this.#places = new Places(ports.feed, this)
  }

  get mailbox(): Readonly<Record<string, readonly string[]>> {
    return this.program.mailbox
  }
  /** Of a version that has just taken over. */
  get trial(): Trial | undefined {
    return this.#trial
  }
  set trial(trial: Trial | undefined) {
    this.endRun()
    this.#trial = trial
    // A version that is taken back leaves inputs that are taken once more.
    if (trial) this.#ports.feed.keepFor(this)
    else if (this.#attached) this.#ports.feed.letGo(this)
  }
  get attached(): boolean {
    return this.#attached
  }
  get ended(): boolean {
    return this.status === 'stopped' || this.status === 'fenced' || this.status === 'halted'
  }
  get pending(): boolean {
    return this.#committer?.pending ?? false
  }
  get ownSequence(): number {
    return this.#committer?.ownSequence ?? 0
  }
  /** Inputs in the ring that it has not looked at yet. */
  get behind(): number {
    return this.#joined && !this.#attached ? this.#ports.feed.head - this.#places.first : 0
  }

  /** One input into the program. What it decided is completed here; whether it is published is the caller's matter. */
  apply(input: ActorInput, resolved?: unknown): OwnMessage | undefined {
    this.enter(input.stream)
    this.applied(input.sequence, 1)
    let output
    try {
      output = this.program.step(input, this.number + 1, resolved)
    } catch (error) {
      throw new Halted(describeThrow(error, input), { cause: error })
    }
    return output === undefined ? undefined : this.#complete(input, output)
  }

  #complete(input: ActorInput, output: ActorOutput): OwnMessage {
    this.number += 1
    const { stream, sequence, subject } = input
    return {
      ...this.spec.head,
      kind: 'decision',
      epoch: this.epoch,
      number: this.number,
      cause: { stream, sequence, subject },
      trail: this.trail.take(),
      ...output.body,
    }
  }

  /** From here on what it decides is published, fenced behind this sequence. */
  own(ownSequence: number): void {
    const { stream, subject } = this.spec.output
    this.#committer = new Committer({
      bus: this.#ports.bus,
      clock: this.#ports.clock,
      stream,
      subject,
      ownSequence,
      onRoom: () => this.#onRoom(),
      onTrouble: (cause) => this.#ports.onTrouble(this, cause),
      onEnd: (cause) => this.end(cause),
    })
  }

  resolve(subject: string): unknown {
    return this.program.resolve?.(subject)
  }

  /** Applies an input and publishes what came of it. */
  take(input: ActorInput, resolved?: unknown): void {
    try {
      const decision = this.apply(input, resolved)
      if (decision !== undefined) this.#publish(decision)
      if (this.#watched) this.#tellOf(input, decision !== undefined)
    } catch (error) {
      this.#failed(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #publish(decision: OwnMessage): void {
    this.spec.check?.(decision)
    this.#trial?.decide(this)
    this.lastDecision = decision
    this.#committer?.offer(encodeMessage(decision))
    if (this.#attached && this.#committer?.full) this.#detach()
  }

  #failed(cause: Error): void {
    if (this.#trial === undefined) return this.end(cause)
    this.#stand()
    this.#ports.onTrialFailed(this, cause)
  }

  #tellOf(input: ActorInput, decided: boolean): void {
    if (!decided && this.isLong) throw new Halted(`it made no decision in ${TRAIL_RUNS_MAX} runs of inputs`)
    if (this.#trial !== undefined) this.#passTrial()
    const { onApplied } = this.spec
    if (onApplied?.stream === input.stream) onApplied.listener(input)
  }

  #passTrial(): void {
    const { clock } = this.#ports
    this.firstInputAtUs ??= clock.nowUs()
    if (this.#trial?.pass(clock.monotonicMs()) === 'over') this.trial = undefined
  }

  /** Takes no input until `release`; resolves when nothing of what it said is on its way. */
  async hold(): Promise<void> {
    this.#stand()
    await this.idle()
  }

  #stand(): void {
    this.#held = true
    if (this.#attached) this.#detach()
  }

  get held(): boolean {
    return this.#held
  }

  release(): void {
    this.#held = false
    if (!this.#joined || this.#attached) return
    // Another version may read other subjects.
    this.#places.begin(this.#places.first)
    this.#pump()
  }

  /** Released behind inputs that it takes once more: from the ring, or by `catchUp` where the ring has gone on. */
  async resume(catchUp: () => Promise<void>): Promise<void> {
    this.#held = false
    if (this.#ports.feed.join(this, this.positions)) return this.joined()
    this.#joined = false
    this.#ports.feed.leave(this)
    await catchUp()
  }

  /** Resolves when it may take the next input; at once unless two decisions are on their way. */
  room(): Promise<void> | undefined {
    if (!this.#committer?.full || this.ended) return undefined
    return new Promise((resolve) => (this.#room = resolve))
  }

  receive(run: ActorRun): void {
    if (!this.#attached) return this.#places.add(run)
    const { batch, order, count } = run
    // The feed may be behind what it has read by itself.
    const seen = this.enter(batch.stream)
    while (run.at < count && (batch.sequences[order[run.at] as number] as number) <= seen) run.at++
    while (run.at < count && this.#attached) {
      this.enter(batch.stream)
      if (count === 1 || this.#watched || this.program.take === undefined) this.#takeNext(run)
      else this.#takeMany(run)
    }
    // It could not take all of it: it will come for the rest.
    if (!this.#attached) this.#places.add(run)
  }

  #takeNext(run: ActorRun): void {
    const resolved = run.resolved[run.meanings[run.at] as number]
    this.take(run.batch.inputs[run.order[run.at++] as number] as ActorInput, resolved)
  }

  /** As `take` for more than one, through the next decision: what each would write is written once. */
  #takeMany(run: ActorRun): void {
    const { batch, order } = run
    const from = run.at
    let output: ActorOutput | undefined
    let failure: unknown
    try {
      output = this.program.take?.(run, this.number + 1)
    } catch (error) {
      failure = error ?? new Error('it threw nothing')
    }
    const last = Math.min(run.at, run.count - 1)
    const input = batch.inputs[order[last] as number] as ActorInput
    this.applied(input.sequence, last + 1 - from)
    run.at = last + 1
    if (failure !== undefined) return this.#failed(new Halted(describeThrow(failure, input), { cause: failure }))
    if (output !== undefined) this.#say(input, output)
  }

  #say(input: ActorInput, output: ActorOutput): void {
    try {
      this.#publish(this.#complete(input, output))
    } catch (error) {
      this.#failed(error instanceof Error ? error : new Error(String(error)))
    }
  }

  lost(stream: string, reason: string): void {
    this.end(new StreamLost(`${stream}: ${reason}`))
  }

  /** What arrives from here on is kept for it, until it is fed directly. */
  prepareToJoin(): void {
    this.#ports.feed.keepFor(this)
  }

  /** Taken up by the feed: works off the ring and is then fed directly. */
  joined(): void {
    this.#joined = true
    this.#places.begin(this.#ports.feed.tail)
    this.#pump()
  }

  /** Where it is in each stream: everything up to there was seen. */
  positionsNow(): Positions {
    const now: Positions = {}
    for (const [stream, { incarnation, sequence }] of Object.entries(this.positions)) {
      const read = this.#attached ? (this.#ports.feed.lastSequence(stream) ?? 0) : 0
      now[stream] = { incarnation, sequence: Math.max(sequence, read) }
    }
    return now
  }

  async idle(): Promise<void> {
    await this.#committer?.idle()
  }

  /** No more inputs. What is on its way stays on its way. */
  leave(): void {
    this.positions = this.positionsNow()
    this.#attached = false
    this.#joined = false
    this.#ports.feed.leave(this)
    this.#ports.feed.letGo(this)
    this.#room?.()
  }

  end(cause: Error): void {
    if (this.ended) return
    this.leave()
    // A program that threw has still said what it said before; a copy that lost its subject has nothing to say.
    if (!(cause instanceof Halted)) this.#committer?.end()
    this.#ports.onEnd(this, cause)
  }

  abandon(): void {
    this.#ports.feed.letGo(this)
    this.#committer?.end()
  }

  protected override beginRun(stream: string): void {
    super.beginRun(stream)
    this.#watched = this.isLong || this.#trial !== undefined || this.spec.onApplied?.stream === stream
  }

  #detach(): void {
    this.positions = this.positionsNow()
    this.#attached = false
    this.#ports.feed.keepFor(this)
    this.#places.begin(Infinity)
  }

  #onRoom(): void {
    this.#room?.()
    this.#room = undefined
    if (this.#joined && !this.#attached) this.#pump()
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    this.#takeFromRing()
    this.#pumping = false
  }

  #takeFromRing(): void {
    const { feed, clock } = this.#ports
    for (let taken = 0; this.#joined && !this.#held && !this.#committer?.full; taken++) {
      if (taken >= RING_BURST) return void clock.setTimer(0, () => this.#joined && !this.#attached && this.#pump())
      if (this.#places.first < feed.tail) {
        this.#joined = false
        feed.leave(this)
        return this.#ports.onBehind(this)
      }
      const place = this.#places.take()
      if (place === undefined) {
        this.#attached = true
        if (this.#trial === undefined) feed.letGo(this)
        return this.#ports.onLive(this)
      }
      const input = feed.at(place)
      if (input.sequence > this.enter(input.stream)) this.take(input)
    }
  }
}
