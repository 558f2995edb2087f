/* amity.yaml: whatever it says, it is read or refused with a place. */
#include "fuzz_input.h"

#include "config.h"

/*
 * libfyaml 0.7.12 loses memory with some texts in single quotes. A configuration is read once; that we free what we
 * take is unit_config's to show.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so";
}

static void check_problems(const struct problem_list *problems, struct span text)
{
	for (uint32_t i = 0; i < problems->count; i++) {
		must(problems->item[i].message != NULL);
		must(problems->item[i].line <= text.length + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct config config;
	struct problem_list problems = {0};
	struct span text = fuzz_input_copy(fuzz_input_span(bytes, length));

	config_init(&config);
	enum status status = config_load_text(&config, text.at, text.length, "amity.yaml", &problems);
	must((status == STATUS_OK) != problem_list_has_any(&problems));
	if (status == STATUS_OK) {
		must(config.interface_count <= WIRE_INTERFACES_MAX);
		must(config.node.lcores.count <= LCORES_MAX);
		must(memchr(config.node.control_socket, '\0', sizeof(config.node.control_socket)) != NULL);
		status = config_validate(&config, &problems);
		must((status == STATUS_OK) != problem_list_has_any(&problems));
	}
	check_problems(&problems, text);
	problem_list_free(&problems);
	fuzz_input_free(text);
	return 0;
}
