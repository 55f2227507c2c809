/** Spares connections those requests that were given up while they waited for one. @module */
import { Client, type Dispatcher, Pool } from "./deps.ts";

/** The signals of requests, by the options that undici hands from queue to queue. */
const signals = new WeakMap<object, AbortSignal>();

/** Tells the pools below when a request is given up. */
export const givenUpBy =
  (signal: AbortSignal): Dispatcher.DispatcherComposeInterceptor => (dispatch) => (options, handler) => {
    signals.set(options, signal);
    return dispatch(options, handler);
  };

/** A pool whose connections begin no request that was given up: undici would open one for each, and break it off. */
export const sparing = (origin: string | URL, options: Pool.Options): Pool =>
  new Pool(origin, { ...options, factory: (origin, options) => new Sparing(origin, options) });

class Sparing extends Client {
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const signal = signals.get(options);
    if (!signal?.aborted) return super.dispatch(options, handler);
    // It has no controller, as nothing of it has begun.
    handler.onResponseError?.(undefined as unknown as Dispatcher.DispatchController, signal.reason);
    return true;
  }
}
