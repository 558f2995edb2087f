#include "bench_change.h"

#include <stdlib.h>

#include "bench_traffic.h"
#include "directory_build.h"
#include "model_read.h"
#include "model_validate.h"
#include "must.h"
#include "provision.h"
#include "publish.h"

struct bench_change {
	struct publisher *publisher;
	const struct secret_keys *keys;
	struct model *model[2];
	const struct model *live_model;
	const struct directory *live;
	uint64_t count;
};

static struct model *read_model(uint32_t company_count, uint32_t changed)
{
	struct problem_list problems = {0};
	struct model *model;
	char *text = bench_traffic_provisioning(company_count, changed);
	struct span document = span_of_text(text);

	must(model_read(&model, document, "bench", &problems) == STATUS_OK);
	must(model_validate(model, document, "bench", &problems) == STATUS_OK);
	free(text);
	return model;
}

struct bench_change *bench_change_create(struct pipeline *pipeline, uint32_t company_count)
{
	struct bench_change *change = calloc(1, sizeof(*change));

	must(change);
	change->publisher = pipeline_publisher(pipeline);
	change->keys = provision_keys(pipeline_provision(pipeline));
	change->live_model = provision_model(pipeline_provision(pipeline));
	change->live = provision_directory(pipeline_provision(pipeline));
	change->model[0] = read_model(company_count, bench_traffic_first_company(company_count));
	change->model[1] = read_model(company_count, UINT32_MAX);
	return change;
}

void bench_change_free(struct bench_change *change)
{
	model_free(change->model[0]);
	model_free(change->model[1]);
	free(change);
}

void bench_change_once(struct bench_change *change)
{
	const struct model *model = change->model[change->count++ % 2];
	const struct directory_build_input input = {
		.model = model,
		.keys = change->keys,
		.revision = change->live->revision + 1,
		.previous = change->live,
		.previous_model = change->live_model,
	};
	struct directory_build_count count;
	struct problem_list problems = {0};
	const struct directory *directory;

	must(directory_build(&directory, &input, &count, &problems) == STATUS_OK);
	must(count.companies_built == 1);
	must(publish_directory(change->publisher, directory, directory_build_release) == STATUS_OK);
	change->live = directory;
	change->live_model = model;
}
