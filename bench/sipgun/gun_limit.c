#include "gun_limit.h"

#include "gun_report.h"

#define FAILED_SHARE_MAX 0.0001
#define GAP_MIN		 1.03
#define RATE_MIN	 1.0
#define RATES_MAX	 40
#define ATTEMPTS	 2

/* Result: false when interrupted. */
static bool ask(bool *is_good, struct gun_result *result, struct gun_run *run, double rate)
{
	*is_good = false;
	for (uint32_t attempt = 0; attempt < ATTEMPTS && !*is_good; attempt++) {
		if (!gun_run_measure(result, run, rate))
			return false;
		*is_good = result->failed_share < FAILED_SHARE_MAX &&
			   result->started_per_s >= GUN_RUN_STARTED_SHARE_MIN * rate;
		gun_report_step(run, result, *is_good);
	}
	return true;
}

double gun_limit_find(struct gun_run *run)
{
	double good = 0, bad = 0, rate = run->gun.options->rate;
	struct gun_result result, best = {0};
	bool is_good;

	for (uint32_t rates = 0;
	     rates < RATES_MAX && rate >= RATE_MIN && (good == 0 || bad == 0 || bad / good > GAP_MIN); rates++) {
		if (!ask(&is_good, &result, run, rate))
			return 0;
		if (is_good) {
			good = rate;
			best = result;
		} else {
			bad = rate;
		}
		rate = bad == 0 ? good * 2 : good == 0 ? bad / 2 : (good + bad) / 2;
	}
	gun_report_limit(run, best.rate);
	return best.rate;
}
