"""The pieces that a Python script is made of: plain pandas, with lifelines where it has the convention."""

TABLE = '''
def event_table(rows):
    """At risk, events and censored at each distinct time; events come before censorings at the same time."""
    table = KaplanMeierFitter().fit(rows["time"], rows["event"]).event_table
    return table[table["removed"] > 0].rename(columns={"observed": "events"})
'''
TABLE_ENTRY = '''
def event_table(rows):
    """At risk (entry < t <= time), events and censored at each distinct time. Written out: lifelines counts a patient
    who enters at t as at risk at t."""
    times = np.unique(rows["time"])
    return pd.DataFrame(
        {
            "at_risk": [((rows["entry"] < t) & (rows["time"] >= t)).sum() for t in times],
            "events": [((rows["time"] == t) & rows["event"]).sum() for t in times],
        },
        index=times,
    )
'''
CURVE = '''
def kaplan_meier(rows):
    """S(t), Greenwood's standard error of log S, and the interval of S(t), {scale}."""
    table = event_table(rows)
    n, d = table["at_risk"], table["events"]
    s = (1 - d / n.clip(lower=1)).cumprod()
    se = np.sqrt((d / (n * (n - d)).clip(lower=1)).cumsum())
{interval}
    return pd.DataFrame({{"n": n, "d": d, "s": s, "se": se, "low": low, "high": high}})
'''
INTERVALS = {
    "plain": (
        "symmetric on its own scale",
        "    low, high = (s - Z * s * se).clip(lower=0), (s + Z * s * se).clip(upper=1)\n",
    ),
    "log": ("symmetric on the log scale", "    low, high = s * np.exp(-Z * se), (s * np.exp(Z * se)).clip(upper=1)\n"),
    "log-log": (
        "symmetric on the log(-log) scale",
        "    inside = s.where((s > 0) & (s < 1))\n"
        "    low, high = (inside ** np.exp(sign * Z * se / -np.log(inside)) for sign in (1, -1))\n",
    ),
}
AT_ZERO = {
    "missing": "    low, high = low.mask(s <= 0), high.mask(s <= 0)  # no interval once S = 0",
    "zero": "    low, high = low.mask(s <= 0, 0.0), high.mask(s <= 0, 0.0)  # once S = 0, so is its interval",
}
MEDIAN = {
    "first": '''
def half(y):
    """The first time at which y is 0.5 or below (0.5 within rounding)."""
    below = y.index[y <= 0.5 + 1e-9]
    return below[0] if len(below) else np.nan
''',
    "middle": '''
def half(y):
    """The first time at which y is below 0.5; where y is exactly 0.5, the middle of that plateau up to the next drop
    (the first time if there is none)."""
    below, after = y.index[y <= 0.5 + 1e-9], y.index[y < 0.5 - 1e-9]
    if not len(below) or y[below[0]] < 0.5 - 1e-9:
        return below[0] if len(below) else np.nan
    return (below[0] + after[0]) / 2 if len(after) else below[0]
''',
    "middle-to-end": '''
def half(y):
    """The first time at which y is below 0.5; where y is exactly 0.5, the middle of that plateau up to the next drop
    (up to the curve's end if there is none)."""
    below, after = y.index[y <= 0.5 + 1e-9], y.index[y < 0.5 - 1e-9]
    if not len(below) or y[below[0]] < 0.5 - 1e-9:
        return below[0] if len(below) else np.nan
    return (below[0] + (after[0] if len(after) else y.index[-1])) / 2
''',
}
MEDIAN_INTERVAL = {
    "brookmeyer-crowley": '''
def median(km):
    """The median, and where the limits of S(t) cross a half (Brookmeyer and Crowley 1982)."""
    return half(km["s"]), half(km["low"]), half(km["high"])
''',
    "spss": '''
def median(km):
    """The median +- Z SE, with SPSS's standard error: SE(S) (l - u) / (S(u) - S(l)), u the last event time with
    S >= 0.55, l the first with S <= 0.45 (IBM SPSS Statistics Algorithms, KM)."""
    t = half(km["s"])
    at = km[km["d"] > 0]
    above, under = at[at["s"] >= 0.55 - 1e-9], at[at["s"] <= 0.45 + 1e-9]
    if np.isnan(t) or above.empty or under.empty or at["s"][:t].iloc[-1] <= 0:
        return t, np.nan, np.nan
    slope = (under.index[0] - above.index[-1]) / (above["s"].iloc[-1] - under["s"].iloc[0])
    se = (at["s"] * at["se"])[:t].iloc[-1] * slope
    return t, t - Z * se, t + Z * se
''',
    "none": '''
def median(km):
    """The median; this convention prints no interval."""
    return half(km["s"]), np.nan, np.nan
''',
}
SURVIVAL_AT = '''
def survival_at(km, t):
    """S(t) with its interval; not estimable beyond follow-up unless S has fallen to 0."""
    if t > km.index[-1] and km["s"].iloc[-1] > 0:
        return np.nan, np.nan, np.nan
    before = km[km.index <= t]
    return tuple(before[["s", "low", "high"]].iloc[-1]) if len(before) else {start}
'''
RMST = '''
def restricted_mean(km):
    """Area under the curve up to TAU and its standard error (Klein and Moeschberger 2003, section 4.5)."""
    km = km[km.index <= TAU]
    if km.empty:
        return TAU, 0.0
    width = np.diff([*km.index, TAU]) * km["s"]
    beyond = width[::-1].cumsum()[::-1]
    variance = (beyond**2 * km["d"] / (km["n"] * (km["n"] - km["d"])).clip(lower=1)).sum()
    return km.index[0] + beyond.iloc[0], np.sqrt(variance)
'''
COUNTS = '''
def counts(rows, groups):
    """At risk and events in each group (rows) at every time with an event (columns)."""
    times = np.unique(rows.loc[rows["event"], "time"])
    inside = [rows[rows["stratum"] == g] for g in groups]
    n = np.array([[({at_risk}).sum() for t in times] for g in inside], dtype=float)
    d = np.array([[((g["time"] == t) & g["event"]).sum() for t in times] for g in inside], dtype=float)
    return n, d
'''
LOGRANK = '''
def logrank(rows, groups):
    """Observed and expected events and their covariance (Mantel 1966)."""
    n, d = counts(rows, groups)
    total, events = n.sum(axis=0), d.sum(axis=0)
    share = n / np.maximum(total, 1)
    spread = events * (total - events) / np.maximum(total - 1, 1)
    variance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return d.sum(axis=1), (share * events).sum(axis=1), variance
'''
CHI2_LIFELINES = """
test = multivariate_logrank_test(compared["time"], compared["stratum"], compared["event"])
add("", "log-rank chi2", test.test_statistic, p=test.p_value)
"""
CHI2_WRITTEN = """
observed, expected, variance = logrank(compared, STRATA)
chi2_value = (observed - expected) @ np.linalg.pinv(variance, rcond=1e-10, hermitian=True) @ (observed - expected)
add("", "log-rank chi2", chi2_value, p=chi2.sf(chi2_value, {df}))
"""
EFRON = """
# Hazard ratios: Cox model, Efron ties, Wald interval; lifelines' own precision would stop early
compared = compared[compared["stratum"].isin(COMPARED)]
others = [g for g in COMPARED if g != REFERENCE]
design = pd.DataFrame({{f"g{{i}}": (compared["stratum"] == g).astype(float) for i, g in enumerate(others)}})
design = design.join(compared[["time", "event"{entry_column}]])
model = CoxPHFitter(alpha={alpha}).fit(
    design, "time", "event"{entry_argument}, fit_options={{"precision": 1e-12, "max_steps": 200}}
)
limits = np.exp(model.confidence_intervals_).to_numpy()
for i, g in enumerate(others):
    ratio, p = model.hazard_ratios_.iloc[i], model.summary["p"].iloc[i]
    add(f"{{g}} v {{REFERENCE}}", "hazard ratio", ratio, *limits[i], p=p)
"""
CHOICES = '''
def choices(rows, groups):
    """Each event as a choice among those at risk: weights of the groups, how often, and how often each was chosen.
    {ties}."""
    n, d = counts(rows, groups)
{choices}

def derivatives(beta, w, m, chosen):
    """Score and information of the log partial likelihood; the first group is the reference (beta 0)."""
    p = w * np.exp([[0.0], *([b] for b in beta)])
    p = (p / p.sum(axis=0))[1:]
    return chosen[1:] - p @ m, np.diag(p @ m) - (p * m) @ p.T
'''
TIES_AS_CHOICES = {
    "breslow": ("Breslow ties", "    return n, d.sum(axis=0), d.sum(axis=1)\n"),
    "efron": (
        "Efron ties: of the events at one time, each next one sees the others partly gone",
        "    w = [n[:, t] - i / k * d[:, t] for t, k in enumerate(d.sum(axis=0)) for i in range(int(k))]\n"
        "    return np.array(w).T, np.ones(len(w)), d.sum(axis=1)\n",
    ),
}
BRESLOW = """
# Hazard ratios: Cox model, Breslow ties (lifelines has Efron's alone, so it is written out), Wald interval
groups = [REFERENCE, *(g for g in COMPARED if g != REFERENCE)]
choice = choices(compared, groups)
beta = np.zeros(len(groups) - 1)
for _ in range(100):
    score, information = derivatives(beta, *choice)
    step = np.linalg.solve(information, score)
    beta += step * min(1, 1 / np.abs(step).max(initial=1e-300))
    if np.abs(step).max() < 1e-10:
        break
se = np.sqrt(np.diag(np.linalg.inv(derivatives(beta, *choice)[1])))
for g, b, s in zip(groups[1:], beta, se):
    add(f"{g} v {REFERENCE}", "hazard ratio", *np.exp([b, b - Z * s, b + Z * s]), p=2 * norm.sf(abs(b / s)))
"""
FIRTH = '''
# Hazard ratios: the Cox model's maximum lies at infinity, since one group has all the events, or none, of those it
# was at risk with. Firth's penalised likelihood (Firth 1993; Heinze and Schemper 2001), profile interval and p
groups = [REFERENCE, *(g for g in COMPARED if g != REFERENCE)]
w, m, chosen = choices(compared, groups)


def penalised(beta):
    """Log partial likelihood + half the log determinant of the information."""
    total = np.exp([0.0, *beta]) @ w
    return chosen[1:] @ beta - m @ np.log(total) + np.linalg.slogdet(derivatives(beta, w, m, chosen)[1])[1] / 2


def best(fixed=None, at=0.0):
    """The maximum, with one coefficient held at a value or with none."""
    free = [i for i in range(len(groups) - 1) if i != fixed]
    beta = np.zeros(len(groups) - 1)
    if fixed is not None:
        beta[fixed] = at

    def value(x):
        beta[free] = x
        return -penalised(beta)

    if free:
        options = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 10_000, "maxfev": 10_000}
        value(minimize(value, np.zeros(len(free)), method="Nelder-Mead", options=options).x)
    return beta.copy(), penalised(beta)


def limit(i, side):
    """Where the profile has dropped by half the chi-square quantile on that side; none within 40 is none."""
    drop = lambda b: top - best(i, b)[1] - chi2.ppf(CONFIDENCE, 1) / 2  # noqa: E731
    end = next((b for b in beta[i] + side * np.geomspace(0.5, 40, 12) if drop(b) > 0), None)
    return np.nan if end is None else np.exp(brentq(drop, beta[i], end, xtol=1e-11))


beta, top = best()
for i, g in enumerate(groups[1:]):
    p = chi2.sf(2 * max(top - best(i)[1], 0), 1)
    add(f"{g} v {REFERENCE}", "hazard ratio", np.exp(beta[i]), limit(i, -1), limit(i, 1), p=p)
'''
PRISM = {
    "logrank": """
# Hazard ratio: (O/E)/(O/E) of the log-rank test (GraphPad Prism's "log-rank")
one, zero = 1 - STRATA.index(REFERENCE), STRATA.index(REFERENCE)
b = np.log(observed[one] / expected[one]) - np.log(observed[zero] / expected[zero])
s = np.sqrt(1 / expected[one] + 1 / expected[zero])
add(f"{STRATA[one]} v {REFERENCE}", "hazard ratio", *np.exp([b, b - Z * s, b + Z * s]), p=2 * norm.sf(abs(b / s)))
""",
    "mantel-haenszel": """
# Hazard ratio: exp((O - E)/V) of the log-rank test (GraphPad Prism's "Mantel-Haenszel")
one = 1 - STRATA.index(REFERENCE)
b = (observed[one] - expected[one]) / variance[one, one]
s = variance[one, one] ** -0.5
add(f"{STRATA[one]} v {REFERENCE}", "hazard ratio", *np.exp([b, b - Z * s, b + Z * s]), p=2 * norm.sf(abs(b / s)))
""",
}
MEANS = """
# Difference of the restricted means
other = next(g for g in STRATA if g != REFERENCE)
difference = means[other][0] - means[REFERENCE][0]
s = np.hypot(means[other][1], means[REFERENCE][1])
if s > 0:
    limits, p = (difference - Z * s, difference + Z * s), 2 * norm.sf(abs(difference / s))
    add(f"{other} v {REFERENCE}", "difference of restricted means", difference, *limits, p=p)
"""
MAIN = """
found = []


def add(stratum, quantity, estimate, low=np.nan, high=np.nan, p=np.nan):
    found.append((stratum, quantity, estimate, low, high, p))


means = {{}}
for name, group in {groups}:
    km = kaplan_meier(group)
    add(name, "patients", len(group))
    add(name, "events", group["event"].sum())
    add(name, "median", *median(km))
    for t in MILESTONES:
        add(name, f"survival at {{t:g}}", *survival_at(km, t))
    mean, se = means[name] = restricted_mean(km)
    add(name, f"restricted mean to {{TAU:.6g}}", mean, mean - Z * se, mean + Z * se)
    add(name, "follow-up", *median(kaplan_meier(group.assign(event=~group["event"]))))  # reverse Kaplan-Meier
    for t in sorted({{*MILESTONES, *TICKS}}):
        add(name, f"at risk at {{t:.6g}}", ({at_risk}).sum())
"""
END = """
columns = ["stratum", "quantity", "estimate", "low", "high", "p"]
pd.DataFrame(found, columns=columns).to_csv(sys.stdout, index=False)  # empty: not reached, or not estimable
"""
