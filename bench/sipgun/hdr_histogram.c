#include "hdr_histogram.h"

#include <math.h>

#define VALUE_MAX ((UINT64_C(1) << HDR_HISTOGRAM_BITS) - 1)

static uint32_t bucket_of(uint64_t value)
{
	if (value < 2 * HDR_HISTOGRAM_SUB_COUNT)
		return (uint32_t)value;
	uint32_t shift = 63 - (uint32_t)__builtin_clzll(value) - HDR_HISTOGRAM_SUB_BITS;

	return shift * HDR_HISTOGRAM_SUB_COUNT + (uint32_t)(value >> shift);
}

/* The greatest value that the bucket counts. */
static uint64_t end_of(uint32_t bucket)
{
	if (bucket < 2 * HDR_HISTOGRAM_SUB_COUNT)
		return bucket;
	uint32_t shift = bucket / HDR_HISTOGRAM_SUB_COUNT - 1;
	uint64_t first = bucket - (uint64_t)shift * HDR_HISTOGRAM_SUB_COUNT;

	return ((first + 1) << shift) - 1;
}

void hdr_histogram_record(struct hdr_histogram *histogram, uint64_t value)
{
	histogram->count++;
	if (value > histogram->greatest)
		histogram->greatest = value;
	histogram->bucket[bucket_of(value < VALUE_MAX ? value : VALUE_MAX)]++;
}

uint64_t hdr_histogram_find(const struct hdr_histogram *histogram, double share)
{
	/* 0.07 of 100 is a little more than 7 in binary. */
	double place = ceil(share * (double)histogram->count - 1e-6);
	uint64_t wanted = place < 1 ? 1 : (uint64_t)place, seen = 0;

	if (wanted >= histogram->count)
		return histogram->greatest;
	for (uint32_t bucket = 0; bucket < HDR_HISTOGRAM_BUCKET_MAX; bucket++) {
		seen += histogram->bucket[bucket];
		if (seen >= wanted)
			return end_of(bucket) < histogram->greatest ? end_of(bucket) : histogram->greatest;
	}
	return histogram->greatest;
}
