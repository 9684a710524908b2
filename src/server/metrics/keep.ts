import type { Histogram } from "prom-client";

/**
 * Keeps what `make` returns for each key: prom-client checks the labels of a series each time that it is asked for. Only for
 * keys of which there are few.
 */
export function keep<T>(make: (key: string) => T): (key: string) => T {
  const kept = new Map<string, T>();
  return (key) => {
    const before = kept.get(key);
    if (before !== undefined) return before;
    const made = make(key);
    kept.set(key, made);
    return made;
  };
}

/** The series of a histogram for each value of its label. Each begins with 0, before anything was observed. */
export function keepSeries<L extends string>(
  histogram: Histogram<L>,
  label: L,
): (value: string) => Histogram.Internal<L> {
  return keep((value) => {
    const labels = { [label]: value } as Record<L, string>;
    histogram.zero(labels);
    return histogram.labels(labels);
  });
}
