/* Provisioning documents: read or refused with a place; exported, an accepted one reads as the same. */
#include "fuzz_input.h"

#include "model_export.h"
#include "model_read.h"
#include "model_validate.h"

static const char file_name[] = "fuzz.yaml";

static void check_problems(const struct problem_list *problems)
{
	for (uint32_t i = 0; i < problems->count; i++)
		must(problems->item[i].message != NULL);
}

/* Result: NULL when it is refused. */
static struct model *read_model(struct span text, struct problem_list *problems)
{
	struct model *model = NULL;

	if (model_read(&model, text, file_name, problems) != STATUS_OK) {
		must(problem_list_has_any(problems));
		return NULL;
	}
	enum status status = model_validate(model, text, file_name, problems);
	must((status == STATUS_OK) != problem_list_has_any(problems));
	if (status == STATUS_OK)
		return model;
	model_free(model);
	return NULL;
}

static void check_export(const struct model *model)
{
	struct problem_list problems = {0};
	char *first = NULL, *second = NULL;

	must(model_export(&first, model, NULL) == STATUS_OK);
	struct model *again = read_model(span_of_text(first), &problems);
	if (again == NULL) {
		problem_list_print(&problems, stderr);
		must_fail(first);
	}
	must(model_export(&second, again, NULL) == STATUS_OK);
	must(strcmp(first, second) == 0);
	model_free(again);
	problem_list_free(&problems);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct problem_list problems = {0};
	struct span text = fuzz_input_copy(fuzz_input_span(bytes, length));
	struct model *model = read_model(text, &problems);

	if (model != NULL) {
		check_export(model);
		model_free(model);
	}
	check_problems(&problems);
	problem_list_free(&problems);
	fuzz_input_free(text);
	return 0;
}
