#include "cmocka_all.h"

#include <ctype.h>
#include <strings.h>

#include "codec.h"
#include "guard_page.h"
#include "random_source.h"

#define NAME_BYTES 64

static struct guard_page guard;

/* What codecs.def says, one row after the other. */
static enum codec find_slowly(struct span name)
{
	for (int i = 0; i < CODEC_ROW_COUNT; i++)
		if (name.length == codec_rows[i].name.length &&
		    strncasecmp(name.at, codec_rows[i].name.at, name.length) == 0)
			return (enum codec)i;
	return CODEC_COUNT;
}

/* Against both ends of the readable pages. */
static void check(struct span name)
{
	enum codec expected = find_slowly(name);

	if (codec_find(guard_page_place(&guard, name)) != expected ||
	    codec_find(guard_page_place_first(&guard, name)) != expected)
		fail_msg("\"" SPAN_FORMAT "\" is not found as it should be", SPAN_ARGUMENTS(name));
}

static void every_row_in_any_case(void **state)
{
	struct random_source random = random_source_of(25);
	char text[NAME_BYTES];

	(void)state;
	for (int i = 0; i < CODEC_ROW_COUNT; i++) {
		struct span name = codec_rows[i].name;
		assert_int_equal(codec_find(name), i);
		for (int times = 0; times < 32; times++) {
			for (uint32_t at = 0; at < name.length; at++) {
				int byte = (uint8_t)name.at[at];
				text[at] = (char)(random_source_once_in(&random, 2) ? toupper(byte) : tolower(byte));
			}
			assert_int_equal(codec_find(span_make(text, name.length)), i);
			check(span_make(text, name.length));
		}
	}
}

static void names_that_are_no_row(void **state)
{
	static const char *const names[] = {"",
					    "P",
					    "PCM",
					    "PCMA ",
					    " PCMA",
					    "PCMA/8000",
					    "opusx",
					    "xopus",
					    "G.729",
					    "telephone_event",
					    "telephone-events",
					    "AMR_WB",
					    "a name of 24 characters.",
					    "a name with more than the longest row has"};
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(codec_find(span_of_text(names[i])), CODEC_COUNT);
		check(span_of_text(names[i]));
	}
	assert_int_equal(codec_find(SPAN_LITERAL("PCMA\0")), CODEC_COUNT);
	assert_int_equal(codec_find((struct span){0}), CODEC_COUNT);
}

/* One byte changed, one more, one less: mostly no row, and sometimes another one. */
static void names_near_a_row(void **state)
{
	char text[NAME_BYTES];

	(void)state;
	for (int i = 0; i < CODEC_ROW_COUNT; i++) {
		struct span name = codec_rows[i].name;
		memcpy(text, name.at, name.length);
		for (uint32_t at = 0; at < name.length; at++) {
			for (int byte = 0; byte < 256; byte++) {
				text[at] = (char)byte;
				check(span_make(text, name.length));
			}
			text[at] = name.at[at];
		}
		for (int byte = 0; byte < 256; byte++) {
			text[name.length] = (char)byte;
			check(span_make(text, name.length + 1));
		}
		check(span_make(text, name.length - 1));
		check(span_make(text + 1, name.length - 1));
	}
}

static void static_types_are_those_of_rfc_3551(void **state)
{
	(void)state;
	assert_int_equal(codec_of_static_type(0), CODEC_PCMU);
	assert_int_equal(codec_of_static_type(8), CODEC_PCMA);
	assert_int_equal(codec_of_static_type(13), CODEC_CN);
	assert_int_equal(codec_of_static_type(18), CODEC_G729);
	assert_int_equal(codec_of_static_type(34), CODEC_H263);
	uint32_t found = 0;
	for (uint32_t type = 0; type < CODEC_TYPE_COUNT; type++)
		found += codec_of_static_type(type) != CODEC_COUNT;
	assert_int_equal(found, 22);
	assert_int_equal(codec_of_static_type(1), CODEC_COUNT);
	assert_int_equal(codec_of_static_type(96), CODEC_COUNT);
	assert_int_equal(codec_of_static_type(127), CODEC_COUNT);
}

static void each_codec_is_of_one_kind(void **state)
{
	uint64_t all = ((UINT64_C(1) << CODEC_ROW_COUNT) - 1) | CODEC_BIT(AUDIO_OTHER) | CODEC_BIT(VIDEO_OTHER);

	(void)state;
	assert_true((codec_set_audio | codec_set_video | codec_set_event) == all);
	assert_true((codec_set_audio & codec_set_video) == 0 && (codec_set_audio & codec_set_event) == 0 &&
		    (codec_set_video & codec_set_event) == 0);
	assert_true(codec_set_audio & CODEC_BIT(AUDIO_OTHER) && codec_set_video & CODEC_BIT(VIDEO_OTHER));
	assert_true(codec_set_event == (CODEC_BIT(TELEPHONE_EVENT) | CODEC_BIT(CN)));
}

static void r25_a_list_without_video_does_not_restrict_video(void **state)
{
	(void)state;
	assert_true(codec_set_complete(CODEC_BIT(PCMA)) == (CODEC_BIT(PCMA) | codec_set_video | codec_set_event));
	assert_true(codec_set_complete(CODEC_BIT(PCMA) | CODEC_BIT(H264)) ==
		    (CODEC_BIT(PCMA) | CODEC_BIT(H264) | codec_set_event));
	assert_true(codec_set_complete(0) == (codec_set_video | codec_set_event));
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_free(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_in_any_case),
		cmocka_unit_test(names_that_are_no_row),
		cmocka_unit_test(names_near_a_row),
		cmocka_unit_test(static_types_are_those_of_rfc_3551),
		cmocka_unit_test(each_codec_is_of_one_kind),
		cmocka_unit_test(r25_a_list_without_video_does_not_restrict_video),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
