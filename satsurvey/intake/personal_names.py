"""Names that people give as theirs: behind 我叫 and the like, and only where a surname follows."""

from __future__ import annotations

import re

# The commonest surnames, and those of two characters.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫雷龙黎史陶贺毛段郝顾龚邵覃武钱戴严莫孔向常汤"
    "赖康易乔文牛樊葛邢安齐庞伍庄聂章鲁岳翟殷詹申耿关焦左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷"
    "盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜"
    "冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝封官"
    "張劉陳楊黃趙吳孫馬羅鄭謝許韓鄧馮蕭葉蘇呂盧鐘譚陸範賈鄒龍賀龔錢戴嚴湯賴喬齊龐莊聶魯"
)
_COMPOUND = "欧阳|上官|司马|诸葛|司徒|东方|独孤|南宫|夏侯|皇甫|尉迟|公孙|慕容|令狐|端木|歐陽|司馬|諸葛"
_SURNAME = f"(?:{_COMPOUND}|[{_SURNAMES}])"
_HAN = "[\u4e00-\u9fff]"
# What given names are hardly ever written with, and what often follows a name without a mark between.
_NO_NAME = "的了吗呢吧啊呀嘛他她它你您我咱们来去过得着这那不没打就还又也再很太都什么怎几每谁被让把给跟从到"
_GIVEN = f"(?:(?![{_NO_NAME}]){_HAN})"
_AFTER_NAME = f"(?=$|[^\u4e00-\u9fff]|[{_NO_NAME}是住家手电号身今昨上在要想有说先女小反投建觉对客报办买订])"
# Words that begin with a character that is a surname too. Whom somebody calls (我叫师傅来) is hardly ever one
# of these; what somebody is (我是常客) is often one of the second list, and there only a whole name counts.
_CALLED = (
    "车(?!晓)|师傅|单位|安装|时候|时不时|和|向|应该|全家|全部|成天|查|管家|司机|官方|连|顺便|任何|解决"
    "|明天|家人"
)
_BEING = (
    "车|师傅|单|安|于[是昨今此上]|和|时|顺|应|连|向|成|全|明|解|查|白领|白金|黄金|金卡|金牌|金融|常|高级"
    "|高端|老|马上|石家庄|江苏|江西|江浙|江南|江北|贵|宁夏|宁波|温州|苏州|杭州|武汉|郑州|徐州|金华|桂林|柳州"
    "|甘肃|唐山|龙岩|华东|华南|华北|华中|华为|华粉|凌晨|任|何时|何必|何苦|方便|方才|关|文|商|官|房|游|农"
    "|小米|米粉|党员|包|路|易|管|费|项目|康复|左|右|边|池|冷|程序|毛病|牛|许多|曾经|司机|盛|童|宗|武警|沙发"
    "|海|台|申|史|季|苗|丛|莫名|麻烦|封|符|章|景|邮|付|林业|马来|白天|白跑|白等|白打|钟头|万|卫"
)

# What a form calls its fields and what is said of them: these follow the word directly, as a name may.
_OF_FIELDS = f"方式|方面|方法|全名|信息|时间|应该|{_BEING}"
_BLANK = "[ \t:]{0,2}"

NAME = re.compile(
    r"(?:姓名|联系人|名字|(?:导出|制表|填表|经办|操作|审核|负责)人员?)(?:是|叫|为|[:： \t]){1,3}(?P<given>"
    + _SURNAME
    + _GIVEN
    + r"{1,2}?"
    + _AFTER_NAME
    + ")"
    r"|(?:姓名|联系人)(?!" + _OF_FIELDS + ")(?P<beside>" + _SURNAME + _GIVEN + r"{1,2}?" + _AFTER_NAME + ")"
    r"|(?:[我俺咱]|本人|名字)(?:就|的名字)?叫"
    + _BLANK
    + "(?!"
    + _CALLED
    + ")(?P<called>"
    + f"(?:{_COMPOUND}){_GIVEN}{{1,2}}?{_AFTER_NAME}|{_SURNAME}{_GIVEN}{{1,2}}?{_AFTER_NAME}"
    + f"|{_SURNAME}{_GIVEN}{{2}})"
    r"|(?:[我俺]|本人|这边)是"
    + _BLANK
    + "(?!"
    + _BEING
    + ")(?P<am>"
    + f"{_SURNAME}(?:(?![人员户客家者工方区市县州省]){_GIVEN}){{1,2}}"
    + "(?=$|[^\u4e00-\u9fff]|先生|女士|小姐|电话|手机))"
    r"|(?<!百)姓(?P<family>" + _SURNAME + f"(?:名{_GIVEN}{{1,2}})?)"
)
"""Finds a name; the group that takes part in the match is the name itself."""
