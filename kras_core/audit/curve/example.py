"""A figure to try the reconstruction on. Simulated: no publication, no patients, and its arms are named so."""

from collections.abc import Iterable

from kras_core.cohort.model import Provenance

SIMULATED = "Simulated "

POINTS = """arm\ttime\tsurvival
Simulated control\t0\t100
Simulated control\t0.9\t95
Simulated control\t1.6\t90
Simulated control\t2.2\t80
Simulated control\t3.1\t75
Simulated control\t3.8\t65
Simulated control\t4.4\t60
Simulated control\t5.2\t54.6
Simulated control\t6.1\t43.7
Simulated control\t7.4\t38.2
Simulated control\t8.8\t31.9
Simulated control\t10.6\t25.5
Simulated control\t13.2\t17
Simulated control\t16.5\t17
Simulated treatment\t0\t100
Simulated treatment\t1.4\t95.2
Simulated treatment\t2.8\t90.5
Simulated treatment\t4.1\t81
Simulated treatment\t5.5\t76.2
Simulated treatment\t6.9\t71.1
Simulated treatment\t8.3\t61
Simulated treatment\t9.7\t55.9
Simulated treatment\t11.8\t49.7
Simulated treatment\t13.9\t42.6
Simulated treatment\t16.2\t34.1
Simulated treatment\t20.5\t34.1
"""
AT_RISK = """time\tSimulated control\tSimulated treatment
0\t20\t21
3\t16\t19
6\t10\t16
9\t5\t12
12\t3\t8
15\t1\t6
18\t0\t3
"""


def truth_of(arms: Iterable[str]) -> Provenance:
    """What stands behind these arms, by the names in the digitised points: a simulation where all are named so."""
    return "simulated" if all(name.startswith(SIMULATED) for name in arms) else "reconstructed"
