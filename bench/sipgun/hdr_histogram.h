/*
 * hdr_histogram.h - counts of values over many orders of magnitude, each within 1.6 % (after Gil Tene's HdrHistogram).
 *
 *   value  0 .. 127              one bucket a value
 *          2^k .. 2^(k+1) - 1    64 buckets of 2^(k-6) values each, up to 2^HDR_HISTOGRAM_BITS; more counts as that
 *
 * Recording is a shift and an addition: no allocation, no division.
 */
#ifndef AMITY_HDR_HISTOGRAM_H
#define AMITY_HDR_HISTOGRAM_H

#include <stdint.h>

#define HDR_HISTOGRAM_BITS	 44 /* of TSC cycles: hours */
#define HDR_HISTOGRAM_SUB_BITS	 6
#define HDR_HISTOGRAM_SUB_COUNT	 (1u << HDR_HISTOGRAM_SUB_BITS)
#define HDR_HISTOGRAM_BUCKET_MAX ((HDR_HISTOGRAM_BITS - HDR_HISTOGRAM_SUB_BITS + 1) * HDR_HISTOGRAM_SUB_COUNT)

/* Zeroed: empty. */
struct hdr_histogram {
	uint64_t count;
	uint64_t greatest; /* as recorded, not rounded */
	uint64_t bucket[HDR_HISTOGRAM_BUCKET_MAX];
};

void hdr_histogram_record(struct hdr_histogram *histogram, uint64_t value);

/*
 * The least value that `share` (0 to 1) of all values do not exceed, rounded up to the end of its bucket and never more
 * than the greatest. Result: 0 when nothing was recorded.
 */
uint64_t hdr_histogram_find(const struct hdr_histogram *histogram, double share);

#endif
