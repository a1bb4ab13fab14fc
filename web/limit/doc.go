// Package limit counts what an identity does in a minute and decides when it is too much.
//
// # Contract
//
//   - An action is allowed exactly n times in any minute (a sliding window), together on all instances. While Redis is away
//     each instance counts alone, so that up to n times as many as there are instances are allowed.
//   - No request waits long for Redis: one answer has [budget], and after two failures in a row Redis is no longer asked until
//     it answers a probe.
//   - The local counts are kept all the time. So an outage of Redis does not forget what an identity did before it, nor its
//     end what was done during it.
//   - Several claims are granted or refused together, and a refused claim is not counted: trying too often does not make
//     the wait longer.
//   - Limits are settings and are read with each call. An action without a limit is neither counted nor stored.
//   - Memory is bounded here by [maxKeys] and in Redis by the window's expiry, regardless of what unknown clients send.
package limit
