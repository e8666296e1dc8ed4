"""Rewrites patients.csv and adverse_events.csv beside this file: the cohort that keeps the printed hazard ratios.

python data/sintilimab_anlotinib/build.py
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

from kras_core.audit.sintilimab_anlotinib import TARGETS, prior_therapy, rebuild  # noqa: E402

ALL_TARGETS = (*TARGETS, *prior_therapy(hazard_ratios=1, p_values=0))
LOST = (166, 168)  # days to the one loss to follow-up: 5.5 months
SEED = 18

if __name__ == "__main__":
    rebuild(FOLDER, ALL_TARGETS, LOST, SEED)
