#include "amityd_options.h"

#include <stddef.h>

const struct amityd_option amityd_options[AMITYD_OPTION_COUNT] = {
#define AMITYD_OPTION(name, long_name, letter, argument, help)                                                         \
	[AMITYD_OPTION_##name] = {long_name, letter, argument, help},
#include "amityd_options.def"
#undef AMITYD_OPTION
};
