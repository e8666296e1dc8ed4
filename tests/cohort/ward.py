"""A ward's spreadsheet in Chinese, *simulated*: dates in three ways, decimal commas, names and record numbers."""

import datetime as dt

import numpy as np

from tests.cohort.files import workbook_of

N = 48
HEADER = (
    *("编号", "姓名", "住院号", "性别", "年龄", "PS评分", "吸烟史", "病理类型", "KRAS突变类型", "临床分期", "脑转移"),
    *("既往抗血管治疗", "中性粒细胞（10^9/L）", "淋巴细胞（10^9/L）", "血小板（10^9/L）", "白蛋白（g/dL）"),
    *("治疗开始日期", "进展日期", "末次评估日期", "死亡日期", "末次随访日期", "生存状态", "最佳疗效", "科室"),
)
CUTOFF = dt.date(2023, 6, 30)


def lines(n: int = N, seed: int = 5) -> list[list[object]]:
    """Header and one line a patient, as somebody on a ward would type them. Every patient is made up."""
    random = np.random.default_rng(seed)
    return [list(HEADER), *(_patient(i, random) for i in range(n))]


def workbook(n: int = N) -> bytes:
    """The spreadsheet as .xlsx, its only sheet named as Excel's Chinese version does."""
    return workbook_of(Sheet1=lines(n))


def _patient(i: int, random: np.random.Generator) -> list[object]:
    def one_of(*values: str) -> str:
        return str(random.choice(values))

    def comma(value: float) -> str:
        return f"{value:.1f}".replace(".", ",")

    start = dt.date(2021, 1, 4) + dt.timedelta(days=int(random.integers(0, 700)))
    death = start + dt.timedelta(days=int(random.exponential(560)) + 20)
    progression = min(start + dt.timedelta(days=int(random.exponential(230)) + 15), death)
    last = min(death, CUTOFF)
    progressed = progression < last
    scan = progression if progressed else last - dt.timedelta(days=int(random.integers(0, 15)))
    if progressed and i % 6 == 0 and progression - start > dt.timedelta(days=120):
        scan = progression - dt.timedelta(days=100)  # came back late
    died = death <= CUTOFF
    return [
        f"SIM-{i + 1:03d}",
        f"模拟{'甲乙丙丁戊己庚辛'[i % 8]}{'一二三四五六'[i // 8]}",
        f"{900_000 + i * 7}",
        one_of("男", "女"),
        int(random.integers(38, 84)),
        one_of("0", "1", "1", "2"),
        one_of("从不吸烟", "已戒烟", "目前吸烟"),
        one_of("腺癌", "腺癌", "鳞癌"),
        one_of("G12C", "G12D", "G12V", "其他"),
        one_of("IIIB期", "IVA期", "IVB期"),
        one_of("有", "无", "无"),
        one_of("是", "否"),
        comma(random.normal(5.2, 1.2)),
        comma(random.normal(1.6, 0.3)),
        int(random.normal(240, 50)),
        comma(random.normal(3.9, 0.3)),
        start.strftime("%Y-%m-%d"),
        f"{progression.year}年{progression.month}月{progression.day}日" if progressed else "",
        scan.strftime("%Y/%m/%d"),
        death.strftime("%Y.%m.%d") if died else "",
        last.strftime("%Y-%m-%d"),
        "死亡" if died else "存活",
        one_of("PR", "SD", "SD", "PD"),
        "呼吸内科",
    ]
