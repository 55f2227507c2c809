/** Tells when an answer breaks off. @module */
import type { Dispatcher } from "./deps.ts";

/** A dispatcher for one request, and what became of its answer. */
export interface Watched {
  readonly dispatcher: Dispatcher;
  /** Calls `broken` with the error that the answer breaks off with, once it does. */
  readonly onBreak: (broken: (error: unknown) => void) => void;
}

/**
 * Watches the answer of a request. Undici ends a broken body only where `node:stream` says that it is readable, and Deno's
 * does not know it of the web's streams: whoever reads would wait for ever.
 */
export const watched = (dispatcher: Dispatcher): Watched => {
  /** The exchange under way: a redirect begins another one. */
  let current: object | undefined;
  let error: { readonly is: unknown } | undefined;
  let listener: ((error: unknown) => void) | undefined;
  return {
    dispatcher: dispatcher.compose((dispatch) => (options, handler) => {
      const exchange = current = {};
      return dispatch(
        options,
        Object.create(handler, {
          onResponseError: {
            value(controller: Dispatcher.DispatchController, is: Error) {
              handler.onResponseError?.call(this, controller, is);
              if (exchange !== current) return;
              error = { is };
              listener?.(is);
            },
          },
        }),
      );
    }),
    onBreak: (broken) => {
      listener = broken;
      if (error) broken(error.is);
    },
  };
};
