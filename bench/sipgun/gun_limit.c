#include "gun_limit.h"

#include "gun_report.h"

#define FAILED_SHARE_MAX 0.0001
#define GAP_MIN		 1.03
#define RATE_MIN	 1.0
#define STEPS_MAX	 40

double gun_limit_find(struct gun_run *run)
{
	double good = 0, bad = 0, rate = run->gun.options->rate;
	struct gun_result result, best = {0};

	for (uint32_t step = 0; step < STEPS_MAX && rate >= RATE_MIN && (good == 0 || bad == 0 || bad / good > GAP_MIN);
	     step++) {
		if (!gun_run_measure(&result, run, rate))
			return 0;
		bool is_good = result.failed_share < FAILED_SHARE_MAX &&
			       result.started_per_s >= GUN_RUN_STARTED_SHARE_MIN * rate;
		gun_report_step(run, &result, is_good);
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
