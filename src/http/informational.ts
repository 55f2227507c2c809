/** Limits what a server may say before its answer. @module */
import { type Dispatcher, errors } from "./deps.ts";

/**
 * Gives a request up when informational answers (1xx) still come so many milliseconds after the first: each of them makes undici
 * wait for the head of the answer from the beginning, and a server could go on for ever.
 */
export const patient =
  (headersTimeout: number): Dispatcher.DispatcherComposeInterceptor => (dispatch) => (options, handler) => {
    let first: number | undefined;
    return dispatch(
      options,
      Object.create(handler, {
        onResponseStart: {
          writable: true, // undici's ProxyAgent puts one of its own over it
          value(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>) {
            const [controller, status] = args;
            first ??= performance.now();
            if (status < 200 && performance.now() - first > headersTimeout) {
              return controller.abort(new errors.HeadersTimeoutError());
            }
            handler.onResponseStart?.apply(this, args);
          },
        },
      }),
    );
  };
