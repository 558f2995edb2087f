#include "near_word.h"

/* Letters to change, to add or to leave out until both are the same. */
static uint32_t count_mistakes(struct span a, struct span b)
{
	uint32_t row[NEAR_WORD_BYTES_MAX + 1];
	for (uint32_t j = 0; j <= b.length; j++)
		row[j] = j;
	for (uint32_t i = 1; i <= a.length; i++) {
		uint32_t diagonal = row[0];
		row[0] = i;
		for (uint32_t j = 1; j <= b.length; j++) {
			uint32_t least = diagonal + (span_lower_byte(a.at[i - 1]) != span_lower_byte(b.at[j - 1]));
			diagonal = row[j];
			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			row[j] = least;
		}
	}
	return row[b.length];
}

void near_word_begin(struct near_word *near, struct span word)
{
	near->word = word;
	near->mistakes = word.length < 4 ? 2 : 3;
}

bool near_word_offer(struct near_word *near, struct span candidate)
{
	if (near->word.length > NEAR_WORD_BYTES_MAX || candidate.length > NEAR_WORD_BYTES_MAX)
		return false;
	uint32_t mistakes = count_mistakes(near->word, candidate);
	if (mistakes >= near->mistakes)
		return false;
	near->mistakes = mistakes;
	return true;
}
