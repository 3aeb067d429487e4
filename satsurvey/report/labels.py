"""The words that tables print, in Chinese and English: headings, codes in words, names of choices."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from satsurvey.service.kpi_formulas import KPI_METRICS

LABELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # headings
        "by": ("分组", "By"),
        "rule": ("规则", "Rule"),
        "severity": ("程度", "Severity"),
        "place": ("位置", "Place"),
        "n_rows": ("行数", "Rows"),
        "first_rows": ("行号", "Row numbers"),
        "what": ("问题", "What"),
        "do": ("处理", "What to do"),
        "title_breakdown": ("分组得分", "Scores by group"),
        "title_check": ("数据检查", "Checks of the data"),
        "nothing_found": ("没有发现问题。", "Nothing was found."),
        "not_run": ("未执行：", "Not run: "),
        "rank": ("排名", "Rank"),
        "rank_low": ("排名下限", "Rank from"),
        "rank_high": ("排名上限", "Rank to"),
        "rank_overall": ("全体排名", "Overall rank"),
        "industry": ("行业", "Industry"),
        "company": ("企业", "Company"),
        "company_id": ("企业编号", "Company id"),
        "score": ("得分", "Score"),
        "score_interval": ("得分 [区间]", "Score [interval]"),
        "ci_low": ("区间下限", "Interval from"),
        "ci_high": ("区间上限", "Interval to"),
        "std_error": ("标准误", "Std. error"),
        "df": ("自由度", "df"),
        "n": ("样本量", "Interviews"),
        "n_companies": ("企业数", "Companies"),
        "n_industries": ("行业数", "Industries"),
        "n_effective": ("有效样本量", "Effective n"),
        "design_effect": ("设计效应", "Design effect"),
        "tier": ("档次", "Tier"),
        "note": ("说明", "Note"),
        "expected_rank": ("期望排名", "Expected rank"),
        "p_top_k": ("进入前列的概率", "P(top)"),
        "in_top_k": ("可能属于前列", "May be in top"),
        "shrunken_score": ("收缩后得分", "Shrunken score"),
        "shrunken_std_error": ("收缩后标准误", "Shrunken std. error"),
        "reliability": ("信度", "Reliability"),
        "rankability": ("可排名度", "Rankability"),
        "detectable_difference": ("企业间可检出差异", "Detectable difference"),
        "publish": ("发布方式", "Published as"),
        "half_bar": ("±1.39×标准误", "±1.39 × std. error"),
        "level": ("层次", "Level"),
        "dimension": ("维度", "Dimension"),
        "item": ("题项", "Item"),
        "item_text": ("题项内容", "Question"),
        "satisfied_share": ("满意率", "Satisfied"),
        "n_blank": ("空白", "Blank"),
        "n_not_asked": ("未问及", "Not asked"),
        "n_skipped": ("跳过", "Skipped"),
        "n_dont_know": ("不知道", "Don't know"),
        "n_refused": ("拒答", "Refused"),
        "n_not_applicable": ("不适用", "Not applicable"),
        "n_invalid": ("无效", "Invalid"),
        "file": ("文件", "File"),
        "sheet": ("工作表", "Sheet"),
        "row": ("行号", "Row"),
        "reason": ("原因", "Reason"),
        "detail": ("细节", "Detail"),
        "rows_read": ("读取行数", "Rows read"),
        "rows_used": ("使用行数", "Rows used"),
        "unreadable": ("无法读取", "Unreadable"),
        "choice": ("项目", "Choice"),
        "value": ("取值", "Value"),
        "meaning": ("含义与来源", "Meaning and source"),
        # titles
        "subject_industries": ("行业排名", "Industries"),
        "subject_companies": ("企业排名", "Companies"),
        "title_industries": ("行业满意度排名", "Industry ranking of satisfaction"),
        "title_companies": ("企业满意度排名", "Company ranking of satisfaction"),
        "title_dimensions": ("维度得分", "Dimension scores"),
        "title_items": ("题项得分", "Item scores"),
        "title_ledger": ("数据账：每一行的去向", "Ledger: what became of every row"),
        "title_unused": ("未使用的行", "Rows not used"),
        "title_method": ("方法与出处", "Method and provenance"),
        "sheet_industries": ("行业排名", "Industries"),
        "sheet_charts": ("图表", "Charts"),
        "sheet_companies": ("企业排名", "Companies"),
        "sheet_dimensions": ("维度", "Dimensions"),
        "sheet_items": ("题项", "Items"),
        "sheet_ledger": ("数据账", "Ledger"),
        "sheet_method": ("方法", "Method"),
        "all": ("全体", "All"),
        "total": ("合计", "Total"),
        # tiers, levels, ways of publishing
        "above": ("高于平均", "above"),
        "not_distinguishable": ("无法区分", "not distinguishable"),
        "below": ("低于平均", "below"),
        "ranks": ("排名及其置信集", "ranks with sets"),
        "tiers_first": ("先档次后排名", "tiers first"),
        "tiers_only": ("只发布档次", "tiers only"),
        "overall": ("全体", "overall"),
        # yes and no
        "yes": ("是", "yes"),
        "no": ("否", "no"),
        "error": ("错误", "error"),
        "warning": ("警告", "warning"),
        # comments: labels, aspects, and what tables of them show
        "negative": ("负面", "negative"),
        "neutral": ("中性", "neutral"),
        "positive": ("正面", "positive"),
        "mixed": ("褒贬都有", "mixed"),
        "none": ("无内容", "says nothing"),
        "access": ("接入便利", "access"),
        "communication": ("沟通愉悦", "communication"),
        "solution": ("解决有效", "solution"),
        "follow_up": ("跟进及时", "follow-up"),
        "etiquette": ("起止礼仪", "etiquette"),
        "professionalism": ("话务水平", "professionalism"),
        "price": ("价格费用", "price"),
        "product": ("产品质量", "product"),
        "process": ("流程规定", "process"),
        "other": ("其他方面", "other aspects"),
        "high_score_negative_comment": ("高分差评", "high score, negative comment"),
        "low_score_positive_comment": ("低分好评", "low score, positive comment"),
        "satisfied": ("满意", "satisfied"),
        "dissatisfied": ("不满意", "dissatisfied"),
        "word": ("词", "word"),
        "phrase": ("词组", "phrase"),
        "n_comments": ("评论数", "Comments"),
        "n_none": ("无内容", "Say nothing"),
        "n_missing": ("空白", "Blank"),
        "n_named": ("提及数", "Mentions"),
        "named_percent": ("提及率% [区间]", "Mentioned % [interval]"),
        "negative_percent": ("负面% [区间]", "Negative % [interval]"),
        "neutral_percent": ("中性% [区间]", "Neutral % [interval]"),
        "positive_percent": ("正面% [区间]", "Positive % [interval]"),
        "mixed_percent": ("褒贬都有% [区间]", "Mixed % [interval]"),
        "question": ("题目", "Question"),
        "heading": ("列名", "Heading"),
        "aspect": ("方面", "Aspect"),
        "aspects": ("方面", "Aspects"),
        "label": ("标签", "Label"),
        "given": ("引擎给出", "Given"),
        "polarity": ("极性", "Polarity"),
        "text": ("评论", "Comment"),
        "kind": ("类型", "Kind"),
        "strength": ("强度", "Strength"),
        "side": ("一方", "Side"),
        "term": ("词语", "Term"),
        "n_satisfied": ("满意评论数", "Satisfied"),
        "n_dissatisfied": ("不满意评论数", "Dissatisfied"),
        "surprise": ("意外程度", "Surprise"),
        "scheme": ("分类", "Scheme"),
        "measure": ("指标", "Measure"),
        "value_interval": ("数值 [区间]", "Value [interval]"),
        "interval": ("区间方法", "Interval by"),
        "two_class": ("两类（正面、负面）", "two classes"),
        "three_class": ("三类（加中性）", "three classes"),
        "five_class": ("五类（全部标签）", "five labels"),
        "accuracy": ("准确率", "accuracy"),
        "balanced_accuracy": ("平衡准确率", "balanced accuracy"),
        "macro_f1": ("宏平均 F1", "macro-F1"),
        "micro_f1": ("微平均 F1（含褒贬）", "micro-F1 with direction"),
        "micro_f1_any_direction": ("微平均 F1（不计褒贬）", "micro-F1, any direction"),
        "precision": ("精确率", "precision"),
        "recall": ("召回率", "recall"),
        "f1": ("F1", "F1"),
        "auc": ("AUC", "AUC"),
        "brier": ("Brier 分数", "Brier score"),
        "calibration_error": ("校准误差", "calibration error"),
        "wilson": ("Wilson 区间", "Wilson"),
        "wilson_clustered": ("按企业聚类的 Wilson 区间", "Wilson, clustered"),
        "shares_are": ("占比", "Shares are"),
        "corrected": ("已校正", "corrected"),
        "as_read": ("未校正", "as read"),
        "wilson_stratified": ("按企业分层的 Wilson 区间", "Wilson, stratified"),
        "bootstrap": ("自助法", "bootstrap"),
        "from": ("自", "From"),
        "to": ("至", "To"),
        "positive_share": ("正面占比 [区间]", "Positive [interval]"),
        "stratum": ("预测标签", "Predicted label"),
        "drawn": ("抽取数", "Drawn"),
        "model": ("模型", "Model"),
        "title_comments": ("评论", "Comments"),
        "title_comment_questions": ("各题评论", "Comments by question"),
        "title_comment_industries": ("各行业评论", "Comments by industry"),
        "title_comment_companies": ("各企业评论", "Comments by company"),
        "title_aspects": ("各方面评价", "What comments say of each aspect"),
        "title_conflicts": ("分数与评论矛盾", "Scores and comments that contradict each other"),
        "title_typical": ("典型评论", "Typical comments"),
        "title_keywords": ("区分满意与不满意的词语", "Words that tell satisfied from dissatisfied customers"),
        "title_evaluation": ("引擎评估", "How well the engine reads"),
        "title_confusion": ("混淆表：行为真实标签，列为引擎给出", "Confusion: rows true, columns given"),
        "title_reliability": ("校准：极性与实际正面占比", "Calibration: polarity against share of positives"),
        "title_errors": ("最严重的错误", "The worst errors"),
        "title_training": ("训练结果（交叉验证）", "Training, by cross-validation"),
        "sheet_labelling": ("标注", "Labels"),
        "sheet_about_labelling": ("说明", "How to label"),
        # figures of service
        **KPI_METRICS,
    }
)
"""Key to its words in Chinese and English."""

CHOICES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "instrument": ("问卷", "Instrument"),
        "conversion": ("百分制换算", "Conversion to 0-100"),
        "conversion_formula": ("换算公式", "Conversion formula"),
        "order": ("汇总次序", "Order of aggregation"),
        "dimension_weighting": ("维度赋权方法", "Weighting of dimensions"),
        "dimension_weights": ("维度权重", "Dimension weights"),
        "item_weighting": ("题项赋权方法", "Weighting of items"),
        "item_weights": ("题项权重", "Item weights"),
        "industry_level": ("行业得分", "Industry score"),
        "overall_level": ("总分", "Overall score"),
        "companies": ("企业的性质", "Companies are a"),
        "small_sample": ("小样本校正", "Small-sample correction"),
        "level": ("置信水平", "Confidence level"),
        "seed": ("随机种子", "Random seed"),
        "draws": ("自助抽样次数", "Bootstrap draws"),
        "rank_sets": ("排名置信集", "Rank confidence sets"),
        "tier_control": ("档次的错误控制", "Error control of tiers"),
        "top_k": ("前列名次数 K", "K of the top-K set"),
        "company_min_n": ("企业最少样本量", "Least interviews of a company"),
        "industry_min_companies": ("行业最少企业数", "Least companies of an industry"),
        "decimals": ("显示小数位", "Decimals shown"),
        "rounding": ("取舍规则", "Rounding"),
        "rankability": ("可排名度", "Rankability"),
        "detectable_difference": ("最小可检出差异", "Minimum detectable difference"),
        "publish": ("发布方式", "Published as"),
        "force_ranks": ("强制发布名次", "Ranks forced"),
        "interview_weights": ("访问权数", "Interview weights"),
        "finite_population": ("有限总体校正", "Finite-population correction"),
        "variance": ("方差", "Variance"),
        "shrinkage": ("收缩", "Shrinkage"),
        "first_place": ("榜首偏高校正", "First place corrected"),
        "winners_curse": ("榜首偏高校正", "First place corrected"),
        "name": ("名称", "name"),
        "published": ("发布值", "published"),
        "ci_low": ("下限", "from"),
        "ci_high": ("上限", "to"),
        "source": ("来源", "source"),
        "sha256": ("SHA-256", "SHA-256"),
        "bytes": ("字节", "bytes"),
        "format": ("格式", "format"),
        "encoding": ("编码", "encoding"),
        "sheet": ("工作表", "sheet"),
        "heading_row": ("表头行", "heading row"),
        "overall": ("全体", "Overall"),
        "units": ("个数", "units"),
        "ranked": ("参加排名的个数", "Units ranked"),
        "prior_df": ("先验自由度", "Prior degrees of freedom"),
        "prior_sd": ("先验标准差", "Prior standard deviation"),
        "critical_value": ("临界值", "critical value"),
        "critical_value_single_step": ("单步临界值", "critical value, single step"),
        "critical_value_tiers": ("档次临界值", "critical value of tiers"),
        "mean": ("均值", "mean"),
        "tau2": ("真实方差 τ²", "tau²"),
        "score": ("得分", "score"),
        "corrected": ("校正后", "corrected"),
        "corrected_low": ("校正后下限", "corrected from"),
        "corrected_high": ("校正后上限", "corrected to"),
        "company": ("企业", "company"),
        "company_id": ("企业编号", "company id"),
        "industry": ("行业", "industry"),
        "instrument_version": ("问卷版本", "Instrument version"),
        "dimension_weights_source": ("维度权重来源", "Source of dimension weights"),
        "dimension_weights_detail": ("维度权重细节", "Detail of dimension weights"),
        "small_companies_in_industry": ("样本不足的企业计入行业", "Small companies count in the industry"),
        "item_min_answers": ("题项最少回答数", "Least answers of an item"),
        "dimension_min_items": ("维度最少题项数", "Least items of a dimension"),
        "dimension_minimums": ("各维度最少题项数", "Least items by dimension"),
        "declared_dimension_weights": ("声明的维度权重", "Declared dimension weights"),
        "declared_item_weights": ("声明的题项权重", "Declared item weights"),
        "power": ("检验功效", "Power"),
        "scales": ("量表", "Scales"),
        "ahp_consistency": ("层次分析一致性比率", "AHP consistency ratio"),
        "created": ("生成时间", "Created"),
        "versions": ("软件版本", "Versions"),
        "options": ("选项", "Options"),
        "inputs": ("输入文件", "Inputs"),
    }
)
"""Key of `Analysis.method` or `Analysis.provenance` to its name in Chinese and English."""

WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "conversion": {
            "share_of_max": ("占满分比例", "share of the maximum"),
            "min_max": ("极差换算", "minimum to maximum"),
            "anchored": ("按声明的对照表", "declared table of anchors"),
        },
        "order": {
            "item_first": (
                "题项优先：企业题项均值→维度均值→总分",
                "item first: company item means, dimensions, total",
            ),
            "respondent_first": (
                "受访者优先：先算每位受访者的维度分与总分",
                "respondent first: each respondent's own dimensions and total",
            ),
        },
        "dimension_weighting": {
            "equal": ("等权", "equal"),
            "items": ("按题项数", "by number of items"),
            "declared": ("问卷声明", "declared"),
            "entropy": ("熵权法", "entropy"),
            "ahp": ("层次分析法", "analytic hierarchy process"),
        },
        "item_weighting": {
            "equal": ("等权", "equal"),
            "declared": ("问卷声明", "declared"),
            "entropy": ("熵权法", "entropy"),
            "ahp": ("层次分析法", "analytic hierarchy process"),
        },
        "industry_level": {
            "company_mean": ("企业等权平均，每家企业计一次", "mean of companies, each counting once"),
            "respondent_pooled": ("受访者合并", "respondents pooled"),
            "market_weighted": ("按市场份额加权", "weighted by market share"),
        },
        "overall_level": {
            "company_mean": ("企业等权平均，每家企业计一次", "mean of companies, each counting once"),
            "industry_mean": ("行业等权平均", "mean of industries"),
            "respondent_pooled": ("受访者合并", "respondents pooled"),
            "market_weighted": ("按市场份额加权", "weighted by market share"),
        },
        "companies": {
            "sample": ("行业的样本，标准误按企业聚类", "sample of the industry; errors clustered by company"),
            "census": (
                "行业的全部，只计受访者抽样误差",
                "census of the industry; only interviews are sampled",
            ),
        },
        "small_sample": {
            "interviews": ("按访问数", "by interviews"),
            "items": ("按各题项的回答数（Bell-McCaffrey）", "by the answers to each item (Bell-McCaffrey)"),
        },
        "rank_sets": {
            "simultaneous": ("同时置信集", "simultaneous"),
            "marginal": ("单个置信集", "marginal"),
            "both": ("同时与单个置信集", "simultaneous and marginal"),
        },
        "tier_control": {
            "simultaneous": ("同时控制", "simultaneous"),
            "fdr": ("错误发现率", "false discovery rate"),
            "none": ("不控制", "none"),
        },
        "rounding": {
            "half_up": ("四舍五入", "half up"),
            "half_even": ("四舍六入五成双", "half to even"),
            "truncate": ("截尾", "truncated"),
        },
        "publish": {key: LABELS[key] for key in ("ranks", "tiers_first", "tiers_only")},
    }
)
"""What a choice is set to, in words."""

SOURCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "conversion": (
            "各表只用一种换算；不同换算的得分不可相比",
            "one conversion in all tables; scores from different conversions cannot be compared",
        ),
        "order": (
            "题项优先时，总分恰为各维度得分的加权平均",
            "with item_first the total is exactly the weighted mean of the dimensions",
        ),
        "companies": (
            "企业视为样本时，行业区间用 t 分布，自由度为企业数减一",
            "when companies are a sample, industry intervals use t with the number of companies less one",
        ),
        "level": (
            "企业均值的方差用泰勒线性化，t 分布，自由度为样本量减一",
            "company variances by Taylor linearisation; t with the number of interviews less one",
        ),
        "rank_sets": (
            "两两比较的学生化自助法，逐步剔除（Mogstad、Romano、Shaikh、Wilhelm，2024）",
            "studentised bootstrap of pairs, step-down (Mogstad, Romano, Shaikh and Wilhelm 2024)",
        ),
        "rankability": (
            "真实差异占总差异之比 τ²/(τ²+SE² 的中位数)；低于 0.5 只发布档次，0.5 至 0.7 先列档次",
            "tau²/(tau² + median SE²); under 0.5 tiers only, 0.5 to 0.7 tiers first",
        ),
        "tier_control": (
            "与行业平均相比：高于、无法区分、低于",
            "against the mean: above, not distinguishable, below",
        ),
        "detectable_difference": (
            "检验功效 80% 时两家可检出的最小差异 (t₁₋α/₂+t功效)·s·√(2/n)",
            "smallest difference of two found with 80 % power: (t[1-a/2] + t[power])·s·sqrt(2/n)",
        ),
        "shrinkage": (
            "经验贝叶斯：m+B(x̄−m)，B=τ²/(τ²+SE²)，τ² 由 REML 估计",
            "empirical Bayes: m + B(mean - m), B = tau²/(tau² + SE²), tau² by REML",
        ),
        "first_place": (
            "最高者的得分偏高（Andrews、Kitagawa、McCloskey，2024）",
            "the best of many is biased upward (Andrews, Kitagawa and McCloskey 2024)",
        ),
        "variance": (
            "小样本方差向共同方差调和（Smyth，2004）",
            "variances of small samples moderated towards the common one (Smyth 2004)",
        ),
        "company_min_n": (
            "不足者不发布得分",
            "companies below it do not get a published score",
        ),
        "rounding": (
            "只在显示时取舍，计算全程用全精度",
            "at display only; every step is computed at full precision",
        ),
    }
)
"""What a choice means and where it comes from."""


def label(key: str, language: str) -> str:
    """Return the words of a heading or code in `language` ("zh" or "en"); an unknown key is its own word."""
    return _pick(LABELS.get(key), key, language)


def choice_name(key: str, language: str) -> str:
    """Return the name of a method choice."""
    return _pick(CHOICES.get(key), key, language)


def choice_words(key: str, value: str, language: str) -> str:
    """Return what a method choice is set to, in words; an unknown value is its own word."""
    return _pick(WORDS.get(key, {}).get(value), value, language)


def choice_source(key: str, language: str) -> str:
    """Return what a method choice means and where it comes from, or ""."""
    return _pick(SOURCES.get(key), "", language)


def _pick(pair: tuple[str, str] | None, otherwise: str, language: str) -> str:
    if pair is None:
        return otherwise
    return pair[0] if language == "zh" else pair[1]
