#include "number.h"

#define DIGITS(count) (UINT32_C(1) << (count))

static const struct country countries[] = {
#define COUNTRY(code, calling_code, international_prefix, trunk_prefix, lengths)                                       \
	{code, calling_code, international_prefix, trunk_prefix, lengths},
#include "countries.def"
#undef COUNTRY
};

/* The table is sorted by code. */
const struct country *country_find(struct span code)
{
	if (code.length != 2)
		return NULL;
	size_t low = 0, high = sizeof(countries) / sizeof(countries[0]);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(code.at, countries[middle].code, 2);
		if (order == 0)
			return &countries[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
